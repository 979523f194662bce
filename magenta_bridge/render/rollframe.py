"""The geometry of a piano roll: which pixel is which second and which pitch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

from magenta_bridge.noteseq import NoteSequence
from magenta_bridge.render.bars import grid_lines, timekeeper

BLACK_KEYS = frozenset({1, 3, 6, 8, 10})

_PIXELS_PER_BAR = 96
_NARROWEST, _WIDEST = 640, 4800
_LEAST_PITCHES = 24
_TALLEST = 760
_ROW_HEIGHTS = (5, 14)
_MARGIN_LEFT, _MARGIN_RIGHT, _MARGIN_TOP, _MARGIN_BOTTOM = 40, 16, 58, 16
_KEYS_WIDTH = 44
_SHORTEST_S = 2.0


@dataclass(frozen=True)
class RollFrame:
    """Maps seconds and pitches to pixels.

    Attributes:
        end_s: Right end of the picture, in seconds; the left end is 0.
        lowest: Lowest row, a MIDI pitch.
        highest: Highest row, a MIDI pitch.
        row: Height of a row, in pixels.
        roll_width: Width of the note area, in pixels.
        shows_beats: Whether beat lines have enough room.
    """

    end_s: float
    lowest: int
    highest: int
    row: int
    roll_width: int
    shows_beats: bool

    @property
    def keys(self) -> int:
        """Width of the keyboard, in pixels."""
        return _KEYS_WIDTH

    @property
    def left(self) -> int:
        """Left edge of the note area, in pixels."""
        return _MARGIN_LEFT + _KEYS_WIDTH

    @property
    def right(self) -> int:
        """Right edge of the note area, in pixels."""
        return self.left + self.roll_width

    @property
    def top(self) -> int:
        """Top edge of the note area, in pixels."""
        return _MARGIN_TOP

    @property
    def bottom(self) -> int:
        """Bottom edge of the note area, in pixels."""
        return self.top + (self.highest - self.lowest + 1) * self.row

    @property
    def width(self) -> int:
        """Width of the picture, in pixels."""
        return self.right + _MARGIN_RIGHT

    @property
    def height(self) -> int:
        """Height of the picture, in pixels."""
        return self.bottom + _MARGIN_BOTTOM

    def x(self, time_s: float) -> float:
        """Returns the column of a time in seconds."""
        return self.left + min(time_s / self.end_s, 1.0) * self.roll_width

    def y(self, pitch: int) -> int:
        """Returns the top of a pitch's row."""
        return self.top + (self.highest - pitch) * self.row


def frame_for(sequences: Sequence[NoteSequence]) -> RollFrame:
    """Returns a frame that holds all notes, up to the next bar line.

    Args:
        sequences: What will be drawn; may be empty or hold no notes.
    """
    notes = list(chain.from_iterable(sequence.notes for sequence in sequences))
    pitches = [note.pitch for note in notes] or [60]
    end_s = max([note.end_time for note in notes] + [s.total_time for s in sequences], default=0.0)
    end_s = max(end_s, _SHORTEST_S)
    end_s, bars = _whole_bars(timekeeper(sequences), end_s)
    lowest, highest = _padded(min(pitches), max(pitches))
    shortest, tallest = _ROW_HEIGHTS
    row = max(shortest, min(tallest, _TALLEST // (highest - lowest + 1)))
    width = max(_NARROWEST, min(_WIDEST, bars * _PIXELS_PER_BAR))
    return RollFrame(end_s, lowest, highest, row, width, shows_beats=width / bars >= 40)


def _whole_bars(sequence: NoteSequence, end_s: float) -> tuple[float, int]:
    """Returns the first bar line at or after ``end_s``, and how many bars come before it."""
    # A bar of 4/4 at 15 qpm takes 16 s: looking that far ahead finds the next bar line.
    bars = 0
    for line in grid_lines(sequence, end_s + 16.0):
        if line.bar is None:
            continue
        if line.time_s >= end_s - 1e-3:
            return line.time_s, max(1, line.bar - 1)
        bars = line.bar
    return end_s, max(1, bars)


def _padded(lowest: int, highest: int) -> tuple[int, int]:
    """Widens a range of pitches for looks, within 0 to 127."""
    lowest, highest = lowest - 3, highest + 3
    missing = max(0, _LEAST_PITCHES - (highest - lowest + 1))
    lowest, highest = lowest - missing // 2, highest + (missing + 1) // 2
    return max(0, lowest), min(127, highest)
