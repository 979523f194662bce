"""The adversarial generators: bar after bar from noise, one track or two.

A network that has learned from noise of one length writes silence from shorter noise. So a
temperature below 1 does not shrink the noise: it turns it away from the seed's, and towards the
noise of the bar that is most like the others that the network writes there, which is the same for
every seed (minimum Bayes risk; Kumar and Byrne 2004).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from magenta_bridge.arguments import Argument, ArgumentType
from magenta_bridge.description import Notice
from magenta_bridge.encodings import bars as pianoroll
from magenta_bridge.encodings import melody
from magenta_bridge.encodings.meters import STEPS_PER_QUARTER
from magenta_bridge.errors import BundleError
from magenta_bridge.generators.bundle import Bundle
from magenta_bridge.generators.bundle_generator import PROGRAM, SEED, BundleGenerator, Request
from magenta_bridge.generators.generator import Interrupt
from magenta_bridge.generators.guard import gap_steps
from magenta_bridge.generators.melody import MelodyWriter
from magenta_bridge.generators.notices import primer_notices
from magenta_bridge.generators.pitches import octave_shift
from magenta_bridge.generators.primer import Section, melody_context, with_notes
from magenta_bridge.noteseq import NoteSequence
from magenta_bridge.runtime.bar_program import BarProgram

_TEMPERATURE: Final = Argument(
    "temperature", ArgumentType.FLOAT, 1.0,
    "How far the noise reaches: below 1 safer, above 1 wilder, 0 always the same.", 0, 4,
)  # fmt: skip
_PROGRAMS: Final = {
    1: (PROGRAM,),
    2: (
        Argument("lead_program", ArgumentType.INT, 73, "Sound of the lead, General MIDI.", 0, 127),
        Argument("bass_program", ArgumentType.INT, 32, "Sound of the bass, General MIDI.", 0, 127),
    ),
}
# Bars from which the likeliest one is chosen.
_CANDIDATES: Final = 8
_DUO_NAMES: Final = ("Lead", "Bass")


class BarsWriter:
    """Collects bars and returns notes as soon as they are final.

    A note waits until all tracks are complete up to its start.

    Args:
        music: The primer; tempo, meter and velocity are taken from it.
        section: The section to generate.
        programs: MIDI program of each track; -1 for the primer's.
    """

    def __init__(self, music: NoteSequence, section: Section, programs: Sequence[int]) -> None:
        self._tracks = [MelodyWriter(music, section, program=program) for program in programs]
        self._waiting: list[NoteSequence.Note] = []
        self._names: Sequence[str] = _DUO_NAMES

    def add(self, bars: Sequence[NDArray[np.int32]]) -> None:
        """Read the melody event ids of the next bar, ``(steps,)`` for each track."""
        for track, ids in zip(self._tracks, bars, strict=True):
            track.add(ids.tolist())

    def take(self) -> NoteSequence:
        """Return the notes that became final; ``total_time`` is the time up to which all are."""
        return self._merge([track.take() for track in self._tracks])

    def finish(self) -> NoteSequence:
        """End the notes that still sound, and return the rest."""
        return self._merge([track.finish() for track in self._tracks])

    def _merge(self, pieces: Sequence[NoteSequence]) -> NoteSequence:
        if len(pieces) == 1:
            return pieces[0]
        complete = min(piece.total_time for piece in pieces)
        for number, piece in enumerate(pieces):
            for note in piece.notes:
                note.instrument = note.part = number
            self._waiting.extend(piece.notes)
        self._waiting.sort(key=lambda note: (note.start_time, note.instrument))
        # Tempos and signatures are in the first piece alone.
        merged = with_notes(pieces[0], (n for n in self._waiting if n.start_time < complete))
        self._waiting = [note for note in self._waiting if note.start_time >= complete]
        merged.total_time = complete
        for number, name in enumerate(self._names):
            merged.instrument_infos.add(instrument=number, name=name)
            merged.part_infos.add(part=number, name=name)
        self._names = ()
        return merged


class _History(NamedTuple):
    """The music before the section.

    Attributes:
        meter: Index in ``METERS``.
        shifts: For each track, the semitones by which its bars are above the music.
        bars: Compact ids ``(HISTORY_BARS, tracks, STEPS)``, padded in front.
        moved: Number of notes that are out of range and moved by octaves.
    """

    meter: int
    shifts: tuple[int, ...]
    bars: NDArray[np.int32]
    moved: int


def _history_bar(section: Section) -> int:
    """Return the steps of a bar of the history."""
    meter = melody.closest_meter(section.meter.numerator, section.meter.denominator)
    return pianoroll.meter_kind(meter)[1]


def _read_history(request: Request, tracks: int) -> _History:
    """Read the last bars before the section, counted back from its start."""
    parts = [request.music] if tracks == 1 else _lead_and_bass(request.music)
    contexts = [melody_context(part, request.options, request.section) for part in parts]
    meter = contexts[0][0]
    _, bar = pianoroll.meter_kind(meter)
    white = pianoroll.white_shift(*(ids for _, ids in contexts))
    shifts = _shifts([ids for _, ids in contexts], white)
    lines = [
        melody.transpose_ids(_last_steps(ids, bar * pianoroll.HISTORY_BARS), shift)
        for (_, ids), shift in zip(contexts, shifts, strict=True)
    ]
    bars = pianoroll.to_bars(tuple(lines), bar)
    known = -(-max(len(ids) for _, ids in contexts) // bar)
    if known < pianoroll.HISTORY_BARS:
        bars[: pianoroll.HISTORY_BARS - known] = pianoroll.PAD
    moved = sum(
        int(((line >= melody.EVENT_OFFSET) & _outside(line - melody.EVENT_OFFSET, track)).sum())
        for track, line in enumerate(lines)
    )
    return _History(meter, shifts, bars, moved)


def _outside(pitches: NDArray[np.int32], track: int) -> NDArray[np.bool_]:
    lowest = pianoroll.LOWEST[track]
    return (pitches < lowest) | (pitches >= lowest + pianoroll.PITCHES)


def _shifts(contexts: Sequence[NDArray[np.int32]], white: int) -> tuple[int, ...]:
    """Return the shift of each track: onto white keys, and by octaves into the track's range.

    A track without notes moves up with the lead, by an octave at most.
    """
    found: list[int] = []
    for track, ids in enumerate(contexts):
        notes = ids[ids >= melody.EVENT_OFFSET] - melody.EVENT_OFFSET
        if len(notes):
            lowest = pianoroll.LOWEST[track]
            trained = (lowest, lowest + pianoroll.PITCHES - 1)
            octaves = octave_shift((notes + white).tolist(), trained, np.ones(128, dtype=np.bool_))
        else:
            octaves = min(max(found[0] - white, 0), 12) if found else 0
        found.append(white + octaves)
    return tuple(found)


def _last_steps(ids: NDArray[np.int32], steps: int) -> NDArray[np.int32]:
    """Return the last ``steps`` ids, after silence if there are fewer."""
    kept = ids[-steps:]
    return np.concatenate([np.zeros(steps - len(kept), dtype=np.int32), kept])


def _lead_and_bass(music: NoteSequence) -> list[NoteSequence]:
    """Return the two parts of the primer: the bass is the last instrument if there are two."""
    instruments = sorted({note.instrument for note in music.notes if not note.is_drum})
    bass = instruments[-1] if len(instruments) > 1 else None
    return [
        with_notes(music, (note for note in music.notes if (note.instrument == bass) == is_bass))
        for is_bass in (False, True)
    ]


class BarGenerator(BundleGenerator):
    """Generates and continues with an exported bar program.

    The program uses the white keys: the primer is transposed there, and its music back. Bars
    are counted from the start of the section, and the last one is cut at its end.

    Args:
        bundle: A bundle of family ``gan``, encoding ``melody`` or ``duo``.

    Raises:
        BundleError: The program's bars have another shape.
    """

    def __init__(self, bundle: Bundle) -> None:
        self._program = BarProgram(bundle.program.flatbuffer)
        self._tracks = 2 if bundle.metadata["encoding"] == "duo" else 1
        self._programs = _PROGRAMS[self._tracks]
        if self._program.history != (pianoroll.HISTORY_BARS, self._tracks, pianoroll.STEPS):
            raise BundleError(
                f"The program of {bundle.id} has bars of another shape; export it again."
            )
        arguments = (_TEMPERATURE, *self._programs, SEED)
        super().__init__(bundle, arguments, steps_per_quarter=STEPS_PER_QUARTER)

    def _notices(self, request: Request) -> list[Notice]:
        section = request.section
        quarters = pianoroll.HISTORY_BARS * _history_bar(section) / STEPS_PER_QUARTER
        since = float(section.tempo.seconds(section.origin_quarters - quarters))
        found = primer_notices(
            self.info.encoding, request.music, request.options, section,
            context=(since, f"{pianoroll.HISTORY_BARS} bars"),
        )  # fmt: skip
        moved = _read_history(request, self._tracks).moved
        if moved:
            words = f"{moved} note{'' if moved == 1 else 's'} of the primer moved by octaves, into"
            found.append(Notice("OUT_OF_RANGE", f"{words} the range of this generator."))
        return found

    def _stream(self, request: Request, interrupt: Interrupt) -> Iterator[NoteSequence]:
        section, values = request.section, request.values
        history = _read_history(request, self._tracks)
        kind, bar = pianoroll.meter_kind(history.meter)
        programs = [int(values[argument.name]) for argument in self._programs]
        writer = BarsWriter(request.music, section, programs)
        bars = _Bars(self._program, kind, bar, float(values["temperature"]), int(values["seed"]))
        previous, gap = history.bars, gap_steps(section, STEPS_PER_QUARTER)
        waited = 0
        for first in range(0, section.steps, bar):
            interrupt()
            if first:
                yield writer.take()
            chosen = bars.next(previous, onset_by=0 if first == 0 else gap - waited)
            previous = np.concatenate([previous[1:], chosen[None]])
            within = min(bar, section.steps - first)
            onsets = np.flatnonzero((chosen[:, :bar] >= 2).any(axis=0))
            waited = bar - int(onsets[-1]) if len(onsets) else waited + bar
            writer.add(
                [
                    pianoroll.from_bar(line[:within], track, shift=history.shifts[track])
                    for track, line in enumerate(chosen)
                ]
            )
        yield writer.finish()


class _Bars:
    """Writes bar after bar of one request.

    Args:
        program: Writes a bar from noise.
        kind: The kind of meter.
        bar: Steps in a bar.
        temperature: 0 for the same music with every seed.
        seed: Seed of the noise.
    """

    def __init__(
        self, program: BarProgram, kind: int, bar: int, temperature: float, seed: int
    ) -> None:
        self._program, self._kind, self._bar = program, kind, bar
        self._temperature = temperature
        self._noise = np.random.default_rng(seed)
        self._shared = np.random.default_rng(0)

    def next(self, previous: NDArray[np.int32], *, onset_by: int) -> NDArray[np.int32]:
        """Return the ids of the next bar, ``(tracks, steps)``; ``onset_by`` as in ``_choose``."""
        noise = self._noise.standard_normal(self._program.noise_units)
        noise *= self._temperature
        if self._temperature < 1:
            # Its variance is 1 at every temperature.
            noise += np.sqrt(1 - self._temperature**2) * self._likeliest(previous, onset_by)
        return self._write(previous, noise, onset_by)

    def _write(
        self, previous: NDArray[np.int32], noise: NDArray[np.float64], onset_by: int
    ) -> NDArray[np.int32]:
        logits = self._program.bar(previous, noise.astype(np.float32), self._kind)
        return _choose(logits, self._bar, onset_by)

    def _likeliest(self, previous: NDArray[np.int32], onset_by: int) -> NDArray[np.float64]:
        """Return the noise of the bar that shares most notes with others of the same place."""
        noises = self._shared.standard_normal((_CANDIDATES, self._program.noise_units))
        bars = np.stack([self._write(previous, noise, onset_by) for noise in noises])
        onsets = (bars >= 2).reshape(_CANDIDATES, -1)
        flat = bars.reshape(_CANDIDATES, -1)
        counts = onsets.sum(axis=1)
        shared = ((flat[:, None] == flat[None]) & onsets[:, None] & onsets[None]).sum(axis=2)
        likeness = 2 * shared / np.maximum(counts[:, None] + counts[None], 1)
        best: NDArray[np.float64] = noises[int(likeness.sum(axis=1).argmax())]
        return best


def _choose(logits: NDArray[np.float32], bar: int, onset_by: int) -> NDArray[np.int32]:
    """Return the likeliest ids ``(tracks, steps)`` of which a note begins by a step.

    Args:
        logits: ``(tracks, steps, ids)``.
        bar: Steps in the bar.
        onset_by: Last step at which the first note may begin; 0 has the lead begin at once.
    """
    chosen: NDArray[np.int32] = logits.argmax(axis=-1).astype(np.int32)
    chosen[:, bar:] = 0
    until = max(onset_by, 0) + 1
    if onset_by < bar and not (chosen[: 1 if until == 1 else None, :until] >= 2).any():
        # In the lead, where a note is likeliest next to none.
        notes, others = logits[0, :until, 2:], logits[0, :until, :2]
        step = int((notes.max(axis=-1) - others.max(axis=-1)).argmax())
        chosen[0, step] = 2 + int(notes[step].argmax())
    return chosen
