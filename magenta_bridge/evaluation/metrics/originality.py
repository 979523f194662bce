"""How long a run of notes a piece shares with the music that a model learned from.

Notes in order of start and pitch are a line; a run is shared where the intervals between its
pitches and the steps between its beginnings are, in whatever key. How long notes last does not
matter, nor where in the bar they stand.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from magenta_bridge.evaluation.metrics.note_array import Tones

_Names: TypeAlias = NDArray[np.int64]

_INTERVALS: Final = 256
# Names of blocks: those that reach beyond a piece, and those that the corpus does not hold.
_BROKEN: Final = 0
_UNKNOWN: Final = -1


@dataclass(frozen=True)
class Run:
    """The longest run that is shared.

    Attributes:
        notes: Its length; 0 where no two notes in a row are shared, else 2 or more.
        piece: Index of the piece of the corpus; -1 where there is none.
        start_in_piece: Index of its first note among those of that piece's line.
        start: Index of its first note among those of the line asked about.
    """

    notes: int
    piece: int
    start_in_piece: int
    start: int


NOTHING: Final = Run(notes=0, piece=-1, start_in_piece=0, start=0)


class Corpus:
    """Music to look for runs in; looking is exact.

    Steps from note to note are named, then blocks of 2, 4, 8, ... of them by the pair of names of
    their halves (Karp, Miller and Rosenberg, "Rapid identification of repeated patterns in
    strings, trees and arrays", 1972), so that equal names are equal blocks.

    Args:
        pieces: The music; kept as numbers, 40 bytes or so a note and level.
    """

    def __init__(self, pieces: Iterable[Tones]) -> None:
        lines = [_line(tones) for tones in pieces]
        # One broken step behind each piece keeps runs from going on in the next.
        self._starts = np.cumsum([0, *(len(line) + 1 for line in lines)])
        steps = np.full(int(self._starts[-1]), _UNKNOWN, dtype=np.int64)
        for start, line in zip(self._starts.tolist(), lines, strict=False):
            steps[start : start + len(line)] = line
        self._levels = [_Level.of(steps, steps != _UNKNOWN)]

    def longest_run(self, tones: Tones) -> Run:
        """Return the longest run of notes that a piece shares with the corpus.

        Of equally long ones, that which begins first in the piece asked about, then in the corpus.

        Args:
            tones: The piece; of pitched notes and drums together, drums are left out.
        """
        asked = self._names_of(_line(tones))
        if not asked:
            return NOTHING
        top = len(asked) - 1
        best = (0, 0, 0)
        for at in np.flatnonzero(asked[top] > _BROKEN).tolist():
            places = self._levels[top].places(int(asked[top][at]))
            lengths = self._lengths(asked, at, places)
            longest = int(lengths.argmax())
            if lengths[longest] > best[0]:
                best = (int(lengths[longest]), at, int(places[longest]))
        steps, start, place = best
        piece = int(np.searchsorted(self._starts, place, side="right")) - 1
        return Run(steps + 1, piece, place - int(self._starts[piece]), start)

    def _names_of(self, line: _Names) -> list[_Names]:
        """Name a line's blocks, up to the longest ones that the corpus holds."""
        found: list[_Names] = []
        names = self._levels[0].look_up(line)
        while (names > _BROKEN).any():
            found.append(names)
            level = self._level(len(found))
            names = level.look_up(*_pairs(names, 1 << (len(found) - 1), level.base))
        return found

    def _level(self, index: int) -> _Level:
        """Return the names of blocks of ``2**index`` steps, created at first use."""
        while len(self._levels) <= index:
            below = self._levels[-1]
            half = 1 << (len(self._levels) - 1)
            base = len(below.keys) + 1
            self._levels.append(_Level.of(*_pairs(below.names, half, base), base=base))
        return self._levels[index]

    def _lengths(self, asked: list[_Names], at: int, places: _Names) -> _Names:
        """Return for how many steps a line goes on like the corpus at each place."""
        top = len(asked) - 1
        lengths = np.full(len(places), 1 << top, dtype=np.int64)
        for index in range(top - 1, -1, -1):
            theirs, ours = self._levels[index].names, asked[index]
            here, there = at + lengths, places + lengths
            inside = (here < len(ours)) & (there < len(theirs))
            same = np.zeros(len(places), dtype=np.bool_)
            same[inside] = ours[here[inside]] == theirs[there[inside]]
            lengths += np.where(same, 1 << index, 0)
        return lengths


@dataclass(frozen=True, eq=False)
class _Level:
    """Names of all blocks of one length.

    Attributes:
        keys: What each name stands for, ascending; that of name 1 first.
        names: Name of the block that begins at each step of the corpus.
        order: Steps by name, and by place within a name.
        bounds: Where each name begins in ``order``.
        base: What the left one of two names is multiplied by in a key.
    """

    keys: _Names
    names: _Names
    order: _Names
    bounds: _Names
    base: int

    @staticmethod
    def of(keys: _Names, whole: NDArray[np.bool_], base: int = 1) -> _Level:
        """Name blocks by their keys; those that are not whole are broken."""
        known, numbers = np.unique(keys[whole], return_inverse=True)
        names = np.full(len(keys), _BROKEN, dtype=np.int64)
        names[whole] = numbers + 1
        order = np.argsort(names, kind="stable")
        bounds = np.searchsorted(names[order], np.arange(len(known) + 2))
        return _Level(known, names, order, bounds, base)

    def look_up(self, keys: _Names, whole: NDArray[np.bool_] | None = None) -> _Names:
        """Return the names of blocks of a line by their keys; unknown ones where there is none."""
        names = np.full(len(keys), _UNKNOWN, dtype=np.int64)
        if not len(self.keys):
            return names
        at = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        held = self.keys[at] == keys
        if whole is not None:
            held &= whole
        names[held] = at[held] + 1
        return names

    def places(self, name: int) -> _Names:
        """Return the steps of the corpus where a block begins, ascending."""
        return self.order[self.bounds[name] : self.bounds[name + 1]]


def share_with_run(runs: Sequence[Run], notes: int) -> float:
    """Return the share of pieces whose longest run has so many notes or more, 0..1.

    Args:
        runs: One for each piece.
        notes: The length asked about.
    """
    return sum(run.notes >= notes for run in runs) / max(len(runs), 1)


def _line(tones: Tones) -> _Names:
    """Return the steps from note to note as numbers from 0 up, ``(notes - 1,)``.

    Of a piece with nothing but drums, those from drum to drum, which are no step of a melody's.
    """
    notes = tones.pitched()
    drums = not len(notes)
    notes = tones if drums else notes
    intervals, waits = np.diff(notes.pitch), np.diff(notes.start)
    line: _Names = 2 * (waits * _INTERVALS + intervals + _INTERVALS // 2) + int(drums)
    return line


def _pairs(names: _Names, half: int, base: int) -> tuple[_Names, NDArray[np.bool_]]:
    """Return the keys of blocks of two halves that follow, and which of them are whole."""
    right = np.full(len(names), _BROKEN, dtype=np.int64)
    right[: max(len(names) - half, 0)] = names[half:]
    return names * base + right, (names > _BROKEN) & (right > _BROKEN)
