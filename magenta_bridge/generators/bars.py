"""The adversarial generators: bar after bar from noise, one track or two."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from magenta_bridge.encodings import bars as pianoroll
from magenta_bridge.encodings import melody
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
from magenta_bridge.generators.melody import MelodyOutput
from magenta_bridge.generators.note_writer import PROGRAM
from magenta_bridge.generators.primer import Section, context_ids, read_section
from magenta_bridge.noteseq import GeneratorBundle, GeneratorOptions, NoteSequence
from magenta_bridge.runtime.bar_program import BarProgram
from magenta_bridge.sequences.validate import validate

_NAMES: Final = ("Lead", "Bass")


class BarOutput(Protocol):
    """Collects bars and gives out notes as soon as they are final."""

    def add_bar(self, lines: Sequence[NDArray[np.int32]]) -> None:
        """Takes the melody event ids of the next bar, ``(steps,)`` for each track."""

    def take(self) -> NoteSequence:
        """Returns the notes that are final by now; ``total_time`` says up to where."""

    def finish(self) -> NoteSequence:
        """Ends what still sounds and returns the rest."""


class LineOutput(MelodyOutput):
    """Bars of one track; see ``BarOutput``."""

    def add_bar(self, lines: Sequence[NDArray[np.int32]]) -> None:
        """Takes the next bar."""
        self.add(lines[0].tolist())


class DuoOutput:
    """Bars of a lead and a bass; see ``BarOutput``.

    A note waits until the other track is complete up to where it begins.

    Args:
        music: The primer; tempo, meter and loudness are taken from it.
        section: What is being generated.
        programs: MIDI program of each track.
    """

    def __init__(self, music: NoteSequence, section: Section, programs: Sequence[int]) -> None:
        self._tracks = [MelodyOutput(music, section, program=program) for program in programs]
        self._waiting: list[NoteSequence.Note] = []
        self._named = False

    def add_bar(self, lines: Sequence[NDArray[np.int32]]) -> None:
        """Takes the next bar."""
        for track, line in zip(self._tracks, lines, strict=True):
            track.add(line.tolist())

    def take(self) -> NoteSequence:
        """See ``BarOutput.take``."""
        return self._merge([track.take() for track in self._tracks])

    def finish(self) -> NoteSequence:
        """See ``BarOutput.finish``."""
        return self._merge([track.finish() for track in self._tracks])

    def _merge(self, pieces: Sequence[NoteSequence]) -> NoteSequence:
        complete = min(piece.total_time for piece in pieces)
        for number, piece in enumerate(pieces):
            for note in piece.notes:
                note.instrument = note.part = number
            self._waiting.extend(piece.notes)
        self._waiting.sort(key=lambda note: (note.start_time, note.instrument))
        merged = NoteSequence()
        merged.CopyFrom(pieces[0])  # for its clock, which stands in the first one alone
        del merged.notes[:]
        merged.notes.extend(note for note in self._waiting if note.start_time < complete)
        self._waiting = [note for note in self._waiting if note.start_time >= complete]
        merged.total_time = complete
        if not self._named:
            for number, name in enumerate(_NAMES):
                merged.instrument_infos.add(instrument=number, name=name)
                merged.part_infos.add(part=number, name=name)
            self._named = True
        return merged


@dataclass(frozen=True, eq=False)
class History:
    """The music before the section.

    Attributes:
        meter: Index in ``METERS``.
        shift: Semitones the bars lie above the music.
        bars: Compact ids ``(HISTORY_BARS, tracks, STEPS)``, padded in front.
    """

    meter: int
    shift: int
    bars: NDArray[np.int32]


def read_history(
    music: NoteSequence, options: GeneratorOptions, section: Section, tracks: int
) -> History:
    """Reads the last bars before the section, counted back from its start.

    Args:
        music: The primer. For two tracks its last instrument is the bass, when it has two.
        options: Its ``input_sections`` choose what is read.
        section: What will be generated.
        tracks: 1 or 2.

    Raises:
        InvalidArgumentError: An input section ends before it starts.
    """
    read = [context_ids(part, options, section) for part in _parts(music, tracks)]
    meter = read[0][0]
    _, bar = pianoroll.meter_kind(meter)
    lines = tuple(_ending(ids, bar * pianoroll.HISTORY_BARS) for _, ids in read)
    shift = pianoroll.white_shift(*(ids for _, ids in read))
    bars = pianoroll.to_bars(lines, bar, shift=shift)
    known = -(-max(len(ids) for _, ids in read) // bar)
    if known < pianoroll.HISTORY_BARS:
        bars[: pianoroll.HISTORY_BARS - known] = pianoroll.PAD
    return History(meter, shift, bars)


def _ending(ids: NDArray[np.int32], steps: int) -> NDArray[np.int32]:
    """Returns the last ``steps`` ids, with silence before them when there are fewer."""
    whole = np.zeros(steps, dtype=np.int32)
    kept = ids[-steps:]
    whole[steps - len(kept) :] = kept
    return whole


def _parts(music: NoteSequence, tracks: int) -> list[NoteSequence]:
    if tracks == 1:
        return [music]
    heard = sorted({note.instrument for note in music.notes if not note.is_drum})
    bass = heard[-1] if len(heard) > 1 else None
    parts = []
    for low in (False, True):
        part = NoteSequence()
        part.CopyFrom(music)
        del part.notes[:]
        part.notes.extend(n for n in music.notes if (n.instrument == bass) == low)
        parts.append(part)
    return parts


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
