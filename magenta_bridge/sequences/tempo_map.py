"""Seconds to quarter notes and back, through every tempo change of a sequence."""

from __future__ import annotations

import bisect
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from magenta_bridge.noteseq import NoteSequence

DEFAULT_QPM: Final = 120.0


class TempoMap:
    """The clock of one NoteSequence.

    Before the first tempo mark the first tempo applies, as in a MIDI file that starts at 0;
    without any mark it is 120 quarters per minute, as in the MIDI standard.

    Args:
        sequence: Any NoteSequence; only its tempos are read.
    """

    def __init__(self, sequence: NoteSequence) -> None:
        marks = {0.0: DEFAULT_QPM}
        for index, tempo in enumerate(sorted(sequence.tempos, key=lambda mark: mark.time)):
            marks[0.0 if index == 0 else float(tempo.time)] = float(tempo.qpm)
        self._marks = list(marks)
        self._seconds = np.array(self._marks, dtype=np.float64)
        self._qpm = np.array(list(marks.values()), dtype=np.float64)
        spans = np.diff(self._seconds) * self._qpm[:-1] / 60.0
        self._quarters = np.concatenate([[0.0], np.cumsum(spans)])

    def quarters(self, seconds: ArrayLike) -> NDArray[np.float64]:
        """Return the position in quarter notes from the start for times in seconds."""
        if isinstance(seconds, float):  # NumPy takes many times as long for one number
            mark = max(bisect.bisect_right(self._marks, seconds) - 1, 0)
            since = (seconds - self._seconds[mark]) * self._qpm[mark] / 60.0
            return np.asarray(self._quarters[mark] + since)
        times = np.asarray(seconds, dtype=np.float64)
        at = np.maximum(np.searchsorted(self._seconds, times, side="right") - 1, 0)
        return np.asarray(self._quarters[at] + (times - self._seconds[at]) * self._qpm[at] / 60.0)

    def seconds(self, quarters: ArrayLike) -> NDArray[np.float64]:
        """Return times in seconds for positions in quarter notes from the start."""
        positions = np.asarray(quarters, dtype=np.float64)
        at = np.maximum(np.searchsorted(self._quarters, positions, side="right") - 1, 0)
        # A tempo near 0 takes longer than a float can say: infinity is the right answer.
        with np.errstate(over="ignore"):
            spans = (positions - self._quarters[at]) * 60.0 / self._qpm[at]
        return np.asarray(self._seconds[at] + spans)

    def qpm_at(self, seconds: float) -> float:
        """Return the tempo that applies at a time, in quarter notes per minute."""
        at = max(int(np.searchsorted(self._seconds, seconds, side="right")) - 1, 0)
        return float(self._qpm[at])
