"""What all generators share that choose one id after another with an exported step program."""

from __future__ import annotations

import abc
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from magenta_bridge.errors import BundleError
from magenta_bridge.generators.arguments import (
    Argument,
    ArgumentType,
    ArgumentValue,
    read_arguments,
)
from magenta_bridge.generators.bundle import Bundle
from magenta_bridge.generators.generator import (
    Capability,
    GeneratorInfo,
    Interrupt,
    SequenceGenerator,
    never_interrupt,
)
from magenta_bridge.noteseq import GeneratorBundle, GeneratorOptions, NoteSequence
from magenta_bridge.runtime.program import Session
from magenta_bridge.runtime.sampler import Sampler, SamplerOptions
from magenta_bridge.sequences.validate import validate

_CHUNK_STEPS: Final = 16
_LARGEST_SEED: Final = 2**31 - 1


class Grammar(Protocol):
    """Which ids may come next."""

    def mask(self) -> NDArray[np.bool_] | None:
        """Returns ``(event_ids,)``, True where allowed; None when the section is full."""

    def add(self, value: int) -> None:
        """Takes the id that was chosen."""


class Output(Protocol):
    """From ids to notes in seconds, handed out as soon as they are final."""

    def add(self, value: int) -> None:
        """Takes the next id."""

    def take(self) -> NoteSequence:
        """Returns the notes that are final by now; ``total_time`` says up to where."""

    def finish(self) -> NoteSequence:
        """Ends what still sounds and returns the rest."""


@dataclass(frozen=True)
class Plan:
    """One request, read and checked.

    Attributes:
        fed: Ids that are heard before the first choice, from a start id on, ``(steps,)``.
        grammar: Which ids may come.
        output: Where chosen ids become notes.
        sampler: Who chooses.
        bias: Added to the logits before the choice, ``(event_ids,)``; None for nothing.
    """

    fed: NDArray[np.int32]
    grammar: Grammar
    output: Output
    sampler: Sampler
    bias: NDArray[np.float32] | None = None


class StepGenerator(SequenceGenerator):
    """Generates with an exported step program.

    Threading: any number of threads; each request runs in a session of its own.

    Args:
        bundle: The bundle.
        arguments: The table of arguments.
        steps_per_quarter: The grid; 0 for music in seconds.
        event_ids: Ids the encoding chooses among.

    Raises:
        BundleError: The program chooses among another number of ids.
        KeyError: The bundle does not say what it is.
    """

    def __init__(
        self,
        bundle: Bundle,
        arguments: tuple[Argument, ...],
        *,
        steps_per_quarter: int,
        event_ids: int,
    ) -> None:
        self._bundle = bundle
        self.info = GeneratorInfo(
            id=bundle.id,
            description=bundle.description,
            family=str(bundle.traits["family"]),
            encoding=str(bundle.traits["encoding"]),
            capabilities=(Capability.GENERATE, Capability.CONTINUE),
            arguments=arguments,
            steps_per_quarter=steps_per_quarter,
        )
        # The first session is built now, so that no listener waits for it.
        session = bundle.program.session()
        if session.logit_count != event_ids:
            raise BundleError(
                f"The program of {bundle.id} chooses among {session.logit_count} events where "
                f"{self.info.encoding} has {event_ids}; export it again."
            )
        bundle.program.release(session)

    @property
    def bundle_details(self) -> GeneratorBundle.BundleDetails:
        """What the bundle was trained on."""
        return GeneratorBundle.BundleDetails(description=self._bundle.details)

    def stream(
        self,
        input_sequence: NoteSequence,
        generator_options: GeneratorOptions,
        *,
        interrupt: Interrupt = never_interrupt,
    ) -> Iterator[NoteSequence]:
        """See ``SequenceGenerator.stream``."""
        values = read_arguments(self.info.arguments, generator_options)
        validate(input_sequence, field="primer")
        plan = self._plan(input_sequence, generator_options, values)
        session = self._bundle.program.session()
        try:
            logits = _feed(session, plan.fed, interrupt)
            mask, done = plan.grammar.mask(), 0
            while mask is not None:
                if done % _CHUNK_STEPS == 0:
                    interrupt()
                    if done:
                        yield plan.output.take()
                value = plan.sampler.choose(
                    logits if plan.bias is None else logits + plan.bias, mask
                )
                plan.grammar.add(value)
                plan.output.add(value)
                mask, done = plan.grammar.mask(), done + 1
                if mask is not None:
                    logits = session.step(value)
            yield plan.output.finish()
        finally:
            self._bundle.program.release(session)

    @abc.abstractmethod
    def _plan(
        self,
        music: NoteSequence,
        options: GeneratorOptions,
        values: Mapping[str, ArgumentValue],
    ) -> Plan:
        """Reads a request.

        Args:
            music: The primer, valid.
            options: The request's options.
            values: A value for each argument of the table.
        """


def sampling_arguments(event_ids: int, *, top_p: float) -> tuple[Argument, ...]:
    """Returns the arguments every sampler takes: temperature, top_p, top_k and seed.

    Args:
        event_ids: Ids to choose among.
        top_p: The default, 0..1.
    """
    return (
        Argument(
            "temperature", ArgumentType.FLOAT, 1.0,
            "How adventurous: below 1 safer, above 1 wilder, 0 always the likeliest note.", 0, 4,
        ),
        Argument(
            "top_p", ArgumentType.FLOAT, top_p,
            "Choose only among the likeliest events that together have this probability.", 0, 1,
        ),
        Argument(
            "top_k", ArgumentType.INT, 0,
            "Choose only among this many likeliest events; 0 for all.", 0, event_ids,
        ),
        Argument(
            "seed", ArgumentType.INT, 0,
            "The same seed with the same request gives the same notes.", 0, _LARGEST_SEED,
        ),
    )  # fmt: skip


PITCH_ARGUMENTS: Final = (
    Argument("min_pitch", ArgumentType.INT, 0, "Lowest note allowed.", 0, 127, "MIDI pitch"),
    Argument("max_pitch", ArgumentType.INT, 127, "Highest note allowed.", 0, 127, "MIDI pitch"),
    Argument(
        "scale_root", ArgumentType.INT, 0,
        "Root of the scale to stay in: 0 is C, 1 is C sharp, 11 is B.", 0, 11, "pitch class",
    ),
    Argument(
        "scale_intervals", ArgumentType.STRING, "",
        "The scale as semitones above its root, like 0,2,4,5,7,9,11; empty for any note.",
        unit="semitones",
    ),
)  # fmt: skip


def sampler_of(values: Mapping[str, ArgumentValue]) -> Sampler:
    """Returns the sampler that ``sampling_arguments`` ask for."""
    options = SamplerOptions(
        temperature=float(values["temperature"]),
        top_k=int(values["top_k"]),
        top_p=float(values["top_p"]),
    )
    return Sampler(options, int(values["seed"]))


def _feed(session: Session, ids: NDArray[np.int32], interrupt: Interrupt) -> NDArray[np.float32]:
    """Feeds the primer and returns the logits behind it."""
    logits = np.zeros(session.logit_count, dtype=np.float32)
    for index, value in enumerate(ids.tolist()):
        if index % _CHUNK_STEPS == 0:
            interrupt()
        logits = session.step(value)
    return logits
