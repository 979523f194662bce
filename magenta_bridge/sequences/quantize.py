"""Seconds onto a grid of steps and back, through every tempo change."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from magenta_bridge.errors import InvalidSequenceError, LimitExceededError
from magenta_bridge.limits import SEQUENCE_SECONDS, check_limit
from magenta_bridge.noteseq import NoteSequence
from magenta_bridge.sequences.tempo_map import TempoMap

# NoteSequence counts steps in 32 bits.
_MOST_STEPS: Final = 2**31 - 1


def quantize(
    sequence: NoteSequence, steps_per_quarter: int, *, origin_quarters: float = 0.0
) -> NoteSequence:
    """Write ``quantized_start_step`` and ``quantized_end_step`` into a copy.

    Rounds half up and gives every note at least one step, as
    ``note_seq.quantize_note_sequence`` does; unlike it, tempo changes are followed.

    Args:
        sequence: Any NoteSequence.
        steps_per_quarter: Steps in a quarter note, above 0.
        origin_quarters: Position of step 0, in quarter notes from the sequence's start; notes
            that end before it are left out, notes across it are shortened to it.

    Returns:
        A copy with ``quantization_info`` set; ``total_quantized_steps`` covers the last note.

    Raises:
        InvalidSequenceError: ``steps_per_quarter`` is under 1, or a time is not finite.
        LimitExceededError: The music is too long, in seconds or in steps.
    """
    if steps_per_quarter < 1:
        raise InvalidSequenceError(f"steps_per_quarter must be 1 or more, got {steps_per_quarter}.")
    check_limit(SEQUENCE_SECONDS, sequence.total_time, where="quantize", field="total_time")
    copy = NoteSequence()
    copy.CopyFrom(sequence)
    del copy.notes[:]
    copy.quantization_info.steps_per_quarter = steps_per_quarter
    grid = _Grid(TempoMap(sequence), steps_per_quarter, origin_quarters)
    starts = grid.steps([note.start_time for note in sequence.notes])
    ends = np.maximum(grid.steps([note.end_time for note in sequence.notes]), starts + 1)
    for note, start, end in zip(sequence.notes, starts.tolist(), ends.tolist(), strict=True):
        if end > 0:
            kept = copy.notes.add()
            kept.CopyFrom(note)
            kept.quantized_start_step = max(start, 0)
            kept.quantized_end_step = end
    copy.total_quantized_steps = max((n.quantized_end_step for n in copy.notes), default=0)
    return copy


class _Grid:
    def __init__(self, tempo: TempoMap, steps_per_quarter: int, origin_quarters: float) -> None:
        self._tempo = tempo
        self._steps_per_quarter = steps_per_quarter
        self._origin = origin_quarters

    def steps(self, seconds: list[float]) -> NDArray[np.int64]:
        times = np.asarray(seconds, dtype=np.float64)
        if not np.isfinite(times).all():
            raise InvalidSequenceError("A note's time is not a finite number.", field="notes")
        quarters = self._tempo.quarters(times) - self._origin
        # The slack keeps a time that is half a step but for rounding noise on the upper side.
        steps = np.floor(quarters * self._steps_per_quarter + 0.5 + 1e-6)
        if steps.max(initial=0.0) >= _MOST_STEPS:
            raise LimitExceededError(
                f"The music has more than {_MOST_STEPS:,} steps; lower its tempo or shorten it.",
                field="tempos",
            )
        whole: NDArray[np.int64] = steps.astype(np.int64)
        return whole


def place(sequence: NoteSequence, tempo: TempoMap, *, origin_quarters: float = 0.0) -> NoteSequence:
    """Give quantized notes their times in seconds; the inverse of ``quantize``.

    Args:
        sequence: A quantized NoteSequence.
        tempo: The clock to play it by.
        origin_quarters: Position of step 0, in quarter notes on that clock.

    Returns:
        A copy with ``start_time``, ``end_time`` and ``total_time`` set, without quantization.

    Raises:
        InvalidSequenceError: The sequence is not quantized.
    """
    steps_per_quarter = sequence.quantization_info.steps_per_quarter
    if steps_per_quarter < 1:
        raise InvalidSequenceError("The sequence is not quantized; call quantize first.")
    placed = NoteSequence()
    placed.CopyFrom(sequence)
    edges = [(note.quantized_start_step, note.quantized_end_step) for note in sequence.notes]
    steps = np.array([*edges, (0, sequence.total_quantized_steps)], dtype=np.float64)
    times = tempo.seconds(origin_quarters + steps / steps_per_quarter).tolist()
    for note, (start, end) in zip(placed.notes, times[:-1], strict=True):
        note.start_time, note.end_time = start, end
        note.ClearField("quantized_start_step")
        note.ClearField("quantized_end_step")
    placed.ClearField("quantization_info")
    placed.total_time = times[-1][1]
    placed.ClearField("total_quantized_steps")
    return placed
