"""Convert ticks to seconds and back, exactly, through all tempo changes."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from magenta_bridge.errors import InvalidSequenceError
from magenta_bridge.noteseq import NoteSequence

DEFAULT_QPM = 120.0
MICROSECONDS_PER_MINUTE = 60_000_000
LARGEST_TEMPO = 0xFFFFFF

Ticks = npt.NDArray[np.int64]
Seconds = npt.NDArray[np.float64]


class TickClock:
    """Convert ticks to seconds by whole-number arithmetic, without drift.

    Args:
        ticks_per_quarter: Ticks in a quarter note, 1 to 32767.
        tempos: Pairs of tick and microseconds per quarter note, in order of ticks. Before the
            first pair the tempo is 120 qpm; of several pairs on one tick the last counts.
    """

    def __init__(self, ticks_per_quarter: int, tempos: Iterable[tuple[int, int]]) -> None:
        default = round(MICROSECONDS_PER_MINUTE / DEFAULT_QPM)
        changes = [(0, default), *tempos]
        elapsed = [0]
        for (tick, tempo), (next_tick, _) in itertools.pairwise(changes):
            elapsed.append(elapsed[-1] + (next_tick - tick) * tempo)
        self._starts = np.array([tick for tick, _ in changes], dtype=np.int64)
        self._tempos = np.array([tempo for _, tempo in changes], dtype=np.int64)
        self._elapsed = np.array(elapsed, dtype=np.int64)
        self._unit = ticks_per_quarter * 1_000_000

    def seconds(self, ticks: npt.ArrayLike) -> Seconds:
        """Return the seconds of ``ticks``, of the same shape, each rounded once."""
        at = np.asarray(ticks, dtype=np.int64)
        index = np.searchsorted(self._starts, at, side="right") - 1
        units = self._elapsed[index] + (at - self._starts[index]) * self._tempos[index]
        return np.asarray(units / self._unit, dtype=np.float64)


class SecondClock:
    """Convert seconds to ticks by the tempos of a NoteSequence.

    MIDI stores a tempo in whole microseconds, so 133 qpm is written as 132.99994. The ticks
    are counted at 133, which keeps notes on their grid; it is the seconds that move, by one
    part in a million.

    Args:
        ticks_per_quarter: Ticks in a quarter note, 1 to 32767.
        tempos: Tempo changes in any order. Before the first the tempo is 120 qpm; of several
            at one time the last counts.
    """

    def __init__(self, ticks_per_quarter: int, tempos: Iterable[NoteSequence.Tempo]) -> None:
        given = sorted(((t.time, t.qpm) for t in tempos), key=lambda change: change[0])
        changes = [(0.0, DEFAULT_QPM), *given]
        self._times = np.array([time for time, _ in changes])
        self._rates = np.array([ticks_per_quarter * qpm / 60.0 for _, qpm in changes])
        starts = [0]
        for index in range(1, len(changes)):
            passed = (changes[index][0] - changes[index - 1][0]) * self._rates[index - 1]
            starts.append(starts[-1] + round(passed))
        self._starts = np.array(starts, dtype=np.float64)

    def ticks(self, seconds: npt.ArrayLike) -> Ticks:
        """Return the nearest ticks to ``seconds``, of the same shape."""
        at = np.asarray(seconds, dtype=np.float64)
        index = np.searchsorted(self._times, at, side="right") - 1
        passed = (at - self._times[index]) * self._rates[index]
        return np.asarray(np.rint(self._starts[index] + passed), dtype=np.int64)


def tempo_to_microseconds(qpm: float, field: str) -> int:
    """Return the microseconds per quarter note that a MIDI file stores for ``qpm``.

    Args:
        qpm: Quarter notes per minute.
        field: Path of the tempo, for the message.

    Raises:
        InvalidSequenceError: MIDI cannot hold this tempo.
    """
    tempo = round(MICROSECONDS_PER_MINUTE / qpm)
    if not 1 <= tempo <= LARGEST_TEMPO:
        raise InvalidSequenceError(
            f"{field}.qpm must be 3.58 to 60,000,000 in a MIDI file, got {qpm:g}.",
            field=f"{field}.qpm",
        )
    return tempo
