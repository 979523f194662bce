"""Hypothesis strategies: any music that a MIDI file can hold, on a grid of ticks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from magenta_bridge.noteseq import NoteSequence

LAST_TICK = 30_000

Seconds = Callable[[int], float]


@dataclass(frozen=True, order=True)
class TickNote:
    """A note in ticks."""

    start: int
    pitch: int
    end: int
    velocity: int


@st.composite
def sequences(draw: st.DrawFn) -> NoteSequence:
    """Draw a NoteSequence as the reader would give it: sorted, nothing left implicit."""
    ticks_per_quarter = draw(st.sampled_from([24, 96, 220, 480, 960, 32_767]))
    tempos = draw(tempo_maps())
    seconds = exact_clock(ticks_per_quarter, tempos)
    sequence = NoteSequence(ticks_per_quarter=ticks_per_quarter)
    sequence.source_info.encoding_type = NoteSequence.SourceInfo.MIDI
    for tick, tempo in tempos:
        sequence.tempos.add(time=seconds(tick), qpm=60_000_000 / tempo)
    draw(signatures(sequence, seconds))
    for instrument in range(draw(st.one_of(st.integers(0, 3), st.integers(0, 20)))):
        draw(instruments(sequence, seconds, instrument))
    last = max((note.end_time for note in sequence.notes), default=0.0)
    sequence.total_time = max(last, seconds(LAST_TICK))
    return sequence


@st.composite
def tempo_maps(draw: st.DrawFn) -> list[tuple[int, int]]:
    """Draw pairs of tick and microseconds per quarter; the first at tick 0."""
    tempo = st.one_of(st.integers(1, 0xFFFF), st.integers(200_000, 1_500_000))
    change = st.tuples(st.integers(1, LAST_TICK), tempo)
    later = draw(st.lists(change, max_size=6, unique_by=lambda change: change[0]))
    return [(0, draw(tempo)), *sorted(later, key=lambda change: change[0])]


def exact_clock(ticks_per_quarter: int, tempos: list[tuple[int, int]]) -> Seconds:
    """Return ticks to seconds in whole numbers, divided once: the truth to compare with."""

    def seconds(tick: int) -> float:
        ends = [start for start, _ in tempos[1:]] + [tick]
        spans = zip(tempos, ends, strict=True)
        passed = sum(max(min(end, tick) - start, 0) * tempo for (start, tempo), end in spans)
        return passed / (1_000_000 * ticks_per_quarter)

    return seconds


@st.composite
def signatures(draw: st.DrawFn, sequence: NoteSequence, seconds: Seconds) -> None:
    """Add meters and keys."""
    ticks = st.lists(st.integers(0, LAST_TICK), max_size=3, unique=True).map(sorted)
    for tick in draw(ticks):
        numerator = draw(st.integers(1, 255))
        denominator = draw(st.sampled_from([1, 2, 4, 8, 16, 32, 64]))
        sequence.time_signatures.add(
            time=seconds(tick), numerator=numerator, denominator=denominator
        )
    for tick in draw(ticks):
        key, mode = draw(st.integers(0, 11)), draw(st.sampled_from([0, 1]))
        sequence.key_signatures.add(time=seconds(tick), key=key, mode=mode)


@st.composite
def instruments(draw: st.DrawFn, sequence: NoteSequence, seconds: Seconds, instrument: int) -> None:
    """Add one instrument with a note, a controller or a pitch bend at least."""
    voice: dict[str, Any] = {
        "instrument": instrument,
        "program": draw(st.integers(0, 127)),
        "is_drum": draw(st.booleans()),
    }
    name = draw(st.text(max_size=8))
    if name:
        sequence.instrument_infos.add(instrument=instrument, name=name)
    notes = draw(st.lists(tick_notes(), max_size=8).map(released_in_order))
    for note in notes:
        start, end = seconds(note.start), seconds(note.end)
        sequence.notes.add(
            pitch=note.pitch, velocity=note.velocity, start_time=start, end_time=end, **voice
        )
    for tick in draw(st.lists(st.integers(0, LAST_TICK), max_size=4).map(sorted)):
        number, value = draw(st.integers(0, 127)), draw(st.integers(0, 127))
        sequence.control_changes.add(
            time=seconds(tick), control_number=number, control_value=value, **voice
        )
    least = 0 if notes else 1
    bends = st.lists(st.integers(0, LAST_TICK), min_size=least, max_size=4).map(sorted)
    for tick in draw(bends):
        bend = draw(st.integers(-8192, 8191))
        sequence.pitch_bends.add(time=seconds(tick), bend=bend, **voice)


@st.composite
def tick_notes(draw: st.DrawFn) -> TickNote:
    """Draw a note; few pitches and short grids, so that notes meet and overlap."""
    start = draw(st.one_of(st.integers(0, 8), st.integers(0, LAST_TICK)))
    length = draw(st.one_of(st.integers(0, 8), st.integers(0, 2_000)))
    pitch = draw(st.one_of(st.integers(59, 61), st.integers(0, 127)))
    return TickNote(start, pitch, start + length, draw(st.integers(1, 127)))


def released_in_order(notes: list[TickNote]) -> list[TickNote]:
    """Let the first of overlapping notes of one pitch end first, since MIDI knows no other."""
    pitches: dict[int, list[TickNote]] = defaultdict(list)
    for note in notes:
        pitches[note.pitch].append(note)
    result = []
    for pitch, group in pitches.items():
        strikes = sorted((note.start, note.end, note.velocity) for note in group)
        ends = sorted(note.end for note in group)
        result += [
            TickNote(start, pitch, end, velocity)
            for (start, _, velocity), end in zip(strikes, ends, strict=True)
        ]
    return sorted(result)
