"""Generators that choose one id after another with an exported step program."""

from __future__ import annotations

import abc
from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from magenta_bridge.arguments import Argument, ArgumentValue
from magenta_bridge.errors import BundleError
from magenta_bridge.generators.bundle import Bundle
from magenta_bridge.generators.bundle_generator import BundleGenerator, Request
from magenta_bridge.generators.generator import Interrupt
from magenta_bridge.generators.note_writer import NoteWriter
from magenta_bridge.generators.pitches import allowed_pitches
from magenta_bridge.generators.sampling import Choice, choose_chunks, prepare_session
from magenta_bridge.noteseq import NoteSequence
from magenta_bridge.runtime.sampler import Sampler, SamplerOptions


class StepGenerator(BundleGenerator):
    """Generates with an exported step program.

    Threading: safe from any number of threads; each request has its own session.

    Args:
        bundle: The bundle.
        arguments: The table of arguments.
        steps_per_quarter: The grid; 0 for music in seconds.
        event_ids: Number of ids of the encoding.

    Raises:
        BundleError: The program has another number of ids.
        KeyError: The bundle's metadata is incomplete.
    """

    def __init__(
        self,
        bundle: Bundle,
        arguments: tuple[Argument, ...],
        *,
        steps_per_quarter: int,
        event_ids: int,
    ) -> None:
        super().__init__(bundle, arguments, steps_per_quarter=steps_per_quarter)
        # Build the first session now, so that the first request does not wait for it.
        found = prepare_session(bundle.program)
        if found != event_ids:
            raise BundleError(
                f"The program of {bundle.id} has {found} events where {self.info.encoding} has "
                f"{event_ids}; export it again."
            )

    def _stream(self, request: Request, interrupt: Interrupt) -> Iterator[NoteSequence]:
        choice, writer = self._plan(request)
        for chunk in choose_chunks(self._bundle.program, choice, interrupt):
            writer.add(chunk)
            if not choice.grammar.is_full:
                yield writer.take()
        yield writer.finish()

    @abc.abstractmethod
    def _plan(self, request: Request) -> tuple[Choice, NoteWriter]:
        """Return how ids are chosen for a request, and what makes notes of them."""


def sampler_of(
    values: Mapping[str, ArgumentValue], kinds: NDArray[np.int32], *, kind_floor: float
) -> Sampler:
    """Return the sampler for the values of ``sampling_arguments``.

    Args:
        values: The values.
        kinds: Kind of each id, ``(ids,)``; see ``SamplerOptions``.
        kind_floor: Lowest temperature at which kinds are chosen.
    """
    options = SamplerOptions(
        temperature=float(values["temperature"]),
        top_k=int(values["top_k"]),
        top_p=float(values["top_p"]),
        kinds=kinds,
        kind_floor=kind_floor,
    )
    return Sampler(options, seed_of(values))


def seed_of(values: Mapping[str, ArgumentValue]) -> int:
    """Return the seed; 0 at temperature 0, where it makes no difference."""
    return int(values["seed"]) if float(values["temperature"]) > 0 else 0


def pitches_of(values: Mapping[str, ArgumentValue]) -> NDArray[np.bool_]:
    """Return the pitches that the values of ``PITCH_ARGUMENTS`` allow, ``(128,)``."""
    return allowed_pitches(
        int(values["min_pitch"]), int(values["max_pitch"]),
        int(values["scale_root"]), str(values["scale_intervals"]),
    )  # fmt: skip
