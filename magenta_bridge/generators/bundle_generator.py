"""What all generators with a bundle share: reading a request, and common arguments."""

from __future__ import annotations

import abc
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from magenta_bridge.arguments import Argument, ArgumentType, ArgumentValue, read_arguments
from magenta_bridge.description import Capability, GeneratorInfo, Notice
from magenta_bridge.generators.bundle import Bundle
from magenta_bridge.generators.generator import Interrupt, SequenceGenerator, never_interrupt
from magenta_bridge.generators.note_writer import PRIMERS_PROGRAM
from magenta_bridge.generators.notices import primer_notices
from magenta_bridge.generators.primer import Section, read_section
from magenta_bridge.limits import SEEDS
from magenta_bridge.noteseq import GeneratorBundle, GeneratorOptions, NoteSequence
from magenta_bridge.sequences.validate import validate


@dataclass(frozen=True)
class Request:
    """One request, checked.

    Attributes:
        music: The primer, valid.
        options: The request's options; ``input_sections`` choose what is read of the primer.
        section: The section to generate.
        values: A value for each argument of the generator's table.
    """

    music: NoteSequence
    options: GeneratorOptions
    section: Section
    values: Mapping[str, ArgumentValue]


class BundleGenerator(SequenceGenerator):
    """Generates with the program of a bundle.

    Args:
        bundle: The bundle.
        arguments: The table of arguments.
        steps_per_quarter: The grid; 0 for music in seconds.

    Raises:
        KeyError: The bundle's metadata is incomplete.
    """

    def __init__(
        self, bundle: Bundle, arguments: tuple[Argument, ...], *, steps_per_quarter: int
    ) -> None:
        self._bundle = bundle
        self.info = GeneratorInfo(
            id=bundle.id,
            description=bundle.description,
            family=str(bundle.metadata["family"]),
            encoding=str(bundle.metadata["encoding"]),
            capabilities=(Capability.GENERATE, Capability.CONTINUE),
            arguments=arguments,
            steps_per_quarter=steps_per_quarter,
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
        yield from self._stream(self._read(input_sequence, generator_options), interrupt)

    def notices(
        self, input_sequence: NoteSequence, generator_options: GeneratorOptions
    ) -> list[Notice]:
        """See ``SequenceGenerator.notices``."""
        return self._notices(self._read(input_sequence, generator_options))

    def _read(self, music: NoteSequence, options: GeneratorOptions) -> Request:
        values = read_arguments(self.info.arguments, options)
        validate(music, field="primer")
        return Request(music, options, read_section(music, options), values)

    def _notices(self, request: Request) -> list[Notice]:
        """Return the notices of a request."""
        encoding = self.info.encoding
        return primer_notices(encoding, request.music, request.options, request.section)

    @abc.abstractmethod
    def _stream(self, request: Request, interrupt: Interrupt) -> Iterator[NoteSequence]:
        """Generate, as ``stream`` does."""


SEED: Final = Argument(
    "seed", ArgumentType.INT, 0,
    "The same seed with the same request gives the same notes.", 0, SEEDS - 1,
)  # fmt: skip
PROGRAM: Final = Argument(
    "program", ArgumentType.INT, PRIMERS_PROGRAM,
    "Sound of the notes as a MIDI program; -1 for that of the primer.", PRIMERS_PROGRAM, 127,
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


def density_argument(what: str) -> Argument:
    """Return the argument for the number of events, such as ``hits``."""
    return Argument(
        "density", ArgumentType.FLOAT, 0.0,
        f"How many {what}: above 0 more, below 0 fewer, 0 as the model learned them.", -2, 2,
    )  # fmt: skip


def sampling_arguments(event_ids: int, *others: Argument, top_p: float) -> tuple[Argument, ...]:
    """Return a table of arguments: those of a sampler, then others, then the seed.

    Args:
        event_ids: Number of ids to choose from.
        *others: The generator's other arguments.
        top_p: Default of ``top_p``, 0..1.
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
        *others,
        SEED,
    )  # fmt: skip
