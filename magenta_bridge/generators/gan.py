"""The adversarial generators: bar after bar from noise, one track or two."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from magenta_bridge.encodings import melody, pianoroll
from magenta_bridge.errors import BundleError
from magenta_bridge.generators.arguments import (
    Argument,
    ArgumentType,
    ArgumentValue,
    read_arguments,
)
from magenta_bridge.generators.bundle import Bundle
from magenta_bridge.generators.gan_output import BarOutput, DuoOutput, LineOutput
from magenta_bridge.generators.gan_primer import read_history
from magenta_bridge.generators.generator import (
    Capability,
    GeneratorInfo,
    Interrupt,
    SequenceGenerator,
    never_interrupt,
)
from magenta_bridge.generators.primer import Section, read_section
from magenta_bridge.generators.voice import PROGRAM
from magenta_bridge.noteseq import GeneratorBundle, GeneratorOptions, NoteSequence
from magenta_bridge.runtime.bar_program import BarProgram
from magenta_bridge.sequences.validate import validate

_PROGRAMS: Final = (73, 32)
_TEMPERATURE: Final = Argument(
    "temperature", ArgumentType.FLOAT, 1.0,
    "How far the noise reaches: below 1 safer, above 1 wilder, 0 always the same.", 0, 4,
)  # fmt: skip
_SEED: Final = Argument(
    "seed", ArgumentType.INT, 0,
    "The same seed with the same request gives the same notes.", 0, 2**31 - 1,
)  # fmt: skip
_DUO: Final = (
    Argument(
        "lead_program", ArgumentType.INT, _PROGRAMS[0], "Sound of the lead, General MIDI.", 0, 127
    ),
    Argument(
        "bass_program", ArgumentType.INT, _PROGRAMS[1], "Sound of the bass, General MIDI.", 0, 127
    ),
)


class BarGenerator(SequenceGenerator):
    """Generates and continues with an exported bar program.

    The program thinks in the white keys; the primer is moved there and its music back. Bars
    are counted from the start of the section, the last one is cut where it ends.

    Args:
        bundle: A bundle of family ``gan``, encoding ``melody`` or ``duo``.

    Raises:
        BundleError: The program makes no bars of this version's shape.
    """

    def __init__(self, bundle: Bundle) -> None:
        self._bundle = bundle
        self._program = BarProgram(bundle.program.flatbuffer)
        encoding = str(bundle.traits["encoding"])
        self._tracks = 2 if encoding == "duo" else 1
        if self._program.history != (pianoroll.HISTORY_BARS, self._tracks, pianoroll.STEPS):
            raise BundleError(f"The program of {bundle.id} makes other bars; export it again.")
        self.info = GeneratorInfo(
            id=bundle.id,
            description=bundle.description,
            family=str(bundle.traits["family"]),
            encoding=encoding,
            capabilities=(Capability.GENERATE, Capability.CONTINUE),
            arguments=(_TEMPERATURE, *(_DUO if self._tracks == 2 else (PROGRAM,)), _SEED),
            steps_per_quarter=melody.STEPS_PER_QUARTER,
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
        section = read_section(input_sequence, generator_options)
        heard = read_history(input_sequence, generator_options, section, self._tracks)
        kind, bar = pianoroll.meter_kind(heard.meter)
        output = self._output(input_sequence, section, values)
        rng = np.random.default_rng(int(values["seed"]))
        previous = heard.bars
        for first in range(0, section.steps, bar):
            interrupt()
            if first:
                yield output.take()
            noise = rng.standard_normal(self._program.noise_units) * float(values["temperature"])
            scores = self._program.bar(previous, noise.astype(np.float32), kind)
            made = _choose(scores, bar, onset=first == 0)
            previous = np.concatenate([previous[1:], made[None]])
            within = min(bar, section.steps - first)
            output.add_bar(
                [
                    pianoroll.from_bar(line[:within], track, shift=heard.shift)
                    for track, line in enumerate(made)
                ]
            )
        yield output.finish()

    def _output(
        self, music: NoteSequence, section: Section, values: Mapping[str, ArgumentValue]
    ) -> BarOutput:
        if self._tracks == 1:
            return LineOutput(music, section, program=int(values["program"]))
        programs = (int(values["lead_program"]), int(values["bass_program"]))
        return DuoOutput(music, section, programs)


def _choose(scores: NDArray[np.float32], bar: int, *, onset: bool) -> NDArray[np.int32]:
    """Returns the chosen ids ``(tracks, steps)``; the lead may have to begin at once."""
    made: NDArray[np.int32] = scores.argmax(axis=-1).astype(np.int32)
    if onset:
        made[0, 0] = 2 + int(scores[0, 0, 2:].argmax())
    made[:, bar:] = 0
    return made
