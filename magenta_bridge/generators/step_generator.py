"""What all generators share that choose one id after another with an exported step program."""

from __future__ import annotations

import abc
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

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
from magenta_bridge.generators.sampling import Choice, choose_chunks, warm_up
from magenta_bridge.noteseq import GeneratorBundle, GeneratorOptions, NoteSequence
from magenta_bridge.runtime.sampler import Sampler, SamplerOptions
from magenta_bridge.sequences.validate import validate

_LARGEST_SEED: Final = 2**31 - 1


class Output(Protocol):
    """From ids to notes in seconds, handed out as soon as they are final."""

    def add(self, chunk: Sequence[int]) -> None:
        """Takes the next ids."""

    def take(self) -> NoteSequence:
        """Returns the notes that are final by now; ``total_time`` says up to where."""

    def finish(self) -> NoteSequence:
        """Ends what still sounds and returns the rest."""


@dataclass(frozen=True)
class Plan:
    """One request, read and checked.

    Attributes:
        choice: How ids are chosen.
        output: Where chosen ids become notes.
    """

    choice: Choice
    output: Output


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
        found = warm_up(bundle.program)
        if found != event_ids:
            raise BundleError(
                f"The program of {bundle.id} chooses among {found} events where "
                f"{self.info.encoding} has {event_ids}; export it again."
            )

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
        for chunk in choose_chunks(self._bundle.program, plan.choice, interrupt):
            plan.output.add(chunk)
            if not plan.choice.grammar.is_full:
                yield plan.output.take()
        yield plan.output.finish()

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
