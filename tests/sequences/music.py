"""Music for tests: short ways to write it down, and Hypothesis strategies that draw it."""

from __future__ import annotations

from typing import TypeAlias

from hypothesis import strategies as st

from magenta_bridge.noteseq import NoteSequence

# Pitch, start and end: in seconds or in steps.
Timed: TypeAlias = tuple[int, float, float]
Stepped: TypeAlias = tuple[int, int, int]


def music(
    *notes: Timed,
    qpm: float | None = None,
    meter: tuple[int, int] | None = None,
    total_time: float = 0.0,
) -> NoteSequence:
    """Return a sequence in seconds, with one tempo and one meter at most."""
    sequence = NoteSequence(total_time=total_time)
    for pitch, start, end in notes:
        sequence.notes.add(pitch=pitch, velocity=80, start_time=start, end_time=end)
    if qpm is not None:
        sequence.tempos.add(time=0.0, qpm=qpm)
    if meter is not None:
        sequence.time_signatures.add(time=0.0, numerator=meter[0], denominator=meter[1])
    return sequence


def quantized(*notes: Stepped, total: int | None = None) -> NoteSequence:
    """Return a sequence on the grid of sixteenths."""
    sequence = NoteSequence()
    sequence.quantization_info.steps_per_quarter = 4
    for pitch, start, end in notes:
        sequence.notes.add(
            pitch=pitch, velocity=80, quantized_start_step=start, quantized_end_step=end
        )
    last = max((end for _, _, end in notes), default=0)
    sequence.total_quantized_steps = last if total is None else total
    return sequence


def steps(sequence: NoteSequence) -> list[Stepped]:
    """Return pitch, first and last step of each note."""
    return [(n.pitch, n.quantized_start_step, n.quantized_end_step) for n in sequence.notes]


def times(sequence: NoteSequence) -> list[Timed]:
    """Return pitch, start and end in seconds of each note."""
    return [(n.pitch, n.start_time, n.end_time) for n in sequence.notes]


@st.composite
def tempo_changes(draw: st.DrawFn, *, most: int = 40) -> NoteSequence:
    """Draw a sequence with any number of tempo marks, in any order, and no note."""
    sequence = NoteSequence()
    mark = st.tuples(st.floats(0.0, 300.0), st.floats(10.0, 1000.0))
    for time, qpm in draw(st.lists(mark, max_size=most)):
        sequence.tempos.add(time=time, qpm=qpm)
    return sequence


@st.composite
def monophonic(draw: st.DrawFn) -> NoteSequence:
    """Draw any melody on the grid: gaps, repeats, notes that touch, silence around."""
    step, notes = 0, []
    pitch = st.one_of(st.integers(60, 62), st.integers(0, 127))
    length = st.one_of(st.integers(1, 3), st.integers(1, 40))
    gap = st.one_of(st.just(0), st.integers(0, 20))
    for wait, value, lasts in draw(st.lists(st.tuples(gap, pitch, length), max_size=30)):
        notes.append((value, step + wait, step + wait + lasts))
        step += wait + lasts
    return quantized(*notes, total=step + draw(gap))


@st.composite
def polyphonic(draw: st.DrawFn) -> NoteSequence:
    """Draw any notes on the grid, in any order, drums among them."""
    note = st.tuples(st.integers(0, 127), st.integers(0, 40), st.integers(1, 20), st.booleans())
    sequence = quantized(total=64)
    for pitch, start, lasts, is_drum in draw(st.lists(note, max_size=30)):
        sequence.notes.add(
            pitch=pitch,
            velocity=80,
            quantized_start_step=start,
            quantized_end_step=start + lasts,
            is_drum=is_drum,
        )
    return sequence
