"""Piano rolls: NoteSequences as a picture.

Octaves are named as in Ableton Live: middle C, MIDI pitch 60, is C3.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from magenta_bridge.files import save_bytes
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


PRIMER_COLOR = "#8A94A8"
NEW_COLOR = "#6A3DE8"

_PAPER = (255, 255, 255)
_BLACK_ROW = (244, 245, 248)
_OCTAVE_LINE = (217, 220, 228)
_BEAT_LINE = (232, 234, 240)
_BAR_LINE = (190, 195, 207)
_KEY_EDGE = (203, 207, 217)
_BLACK_KEY = (62, 66, 78)
_TEXT = (92, 98, 114)
_FAINTEST = 0.35
_OVERSAMPLING = 2


@dataclass(frozen=True)
class Layer:
    """One voice of a picture.

    Attributes:
        sequence: The notes, in seconds on the timeline that all layers share.
        color: Color of a note of velocity 127, as ``#RRGGBB``; softer notes are paler.
        label: Name in the legend; empty for none.
    """

    sequence: NoteSequence
    color: str
    label: str = ""


def draw_piano_roll(layers: Sequence[Layer], path: Path | None = None) -> Image.Image:
    """Draws notes over piano keys, bars and beats.

    Args:
        layers: What to draw, the first one lowest. The first layer that has a tempo or a meter
            gives the bar lines.
        path: Where to save the picture as PNG; None to save nothing.

    Returns:
        The picture, RGB, about 100 pixels a bar wide.

    Raises:
        NotFoundError: ``path`` cannot be written.
    """
    frame = frame_for([layer.sequence for layer in layers])
    size = (frame.width * _OVERSAMPLING, frame.height * _OVERSAMPLING)
    large = Image.new("RGB", size, _PAPER)
    painter = _Painter(ImageDraw.Draw(large), frame)
    painter.draw_rows()
    painter.draw_bars(timekeeper([layer.sequence for layer in layers]))
    for layer in layers:
        painter.draw_notes(layer)
    painter.draw_keys()
    painter.draw_legend([layer for layer in layers if layer.label])
    picture = large.resize((frame.width, frame.height), Image.Resampling.BOX)
    if path is not None:
        buffer = io.BytesIO()
        picture.save(buffer, "PNG", optimize=True)
        save_bytes(path, buffer.getvalue())
    return picture


class _Painter:
    """Draws the parts of a piano roll, all in the coordinates of the finished picture."""

    def __init__(self, draw: ImageDraw.ImageDraw, frame: RollFrame) -> None:
        self._draw = draw
        self._frame = frame

    def draw_rows(self) -> None:
        frame = self._frame
        for pitch in range(frame.lowest, frame.highest + 1):
            top = frame.y(pitch)
            if pitch % 12 in BLACK_KEYS:
                self._box(frame.left, top, frame.right, top + frame.row, _BLACK_ROW)
            if pitch % 12 == 0:
                bottom = top + frame.row
                self._line(frame.left, bottom, frame.right, bottom, _OCTAVE_LINE)

    def draw_bars(self, sequence: NoteSequence) -> None:
        frame = self._frame
        numbered_until = -1.0
        for line in grid_lines(sequence, frame.end_s):
            x = frame.x(line.time_s)
            if line.bar is None:
                if frame.shows_beats:
                    self._line(x, frame.top, x, frame.bottom, _BEAT_LINE)
                continue
            self._line(x, frame.top - 4, x, frame.bottom, _BAR_LINE)
            if x >= numbered_until and x < frame.right - 8:
                self._text(x + 4, frame.top - 17, str(line.bar), 12)
                numbered_until = x + 36

    def draw_notes(self, layer: Layer) -> None:
        frame = self._frame
        color = _rgb(layer.color)
        for note in layer.sequence.notes:
            left = frame.x(note.start_time)
            right = max(left + 2.0, frame.x(note.end_time) - 1.0)
            top = frame.y(note.pitch)
            strength = _FAINTEST + (1.0 - _FAINTEST) * min(note.velocity, 127) / 127.0
            self._draw.rounded_rectangle(
                self._scaled(left, top + 0.5, right, top + frame.row - 0.5),
                radius=min(3.0, frame.row / 3) * _OVERSAMPLING,
                fill=_mix(color, _PAPER, strength),
                outline=_mix(color, (0, 0, 0), 0.72),
                width=1,
            )

    def draw_keys(self) -> None:
        frame = self._frame
        left, right = frame.left - frame.keys, frame.left
        self._box(left, frame.top, right, frame.bottom, _PAPER)
        for pitch in range(frame.lowest, frame.highest + 1):
            top = frame.y(pitch)
            if pitch % 12 in BLACK_KEYS:
                self._box(left, top, left + frame.keys * 0.58, top + frame.row, _BLACK_KEY)
                middle = top + frame.row / 2
                self._line(left + frame.keys * 0.58, middle, right, middle, _KEY_EDGE)
            elif pitch % 12 in (0, 5):
                self._line(left, top + frame.row, right, top + frame.row, _KEY_EDGE)
            if pitch % 12 == 0:
                self._text(left - 6, top + frame.row / 2, f"C{pitch // 12 - 2}", 11, "rm")
        self._draw.rectangle(
            self._scaled(left, frame.top, frame.right, frame.bottom), outline=_BAR_LINE, width=2
        )

    def draw_legend(self, layers: Sequence[Layer]) -> None:
        x, y = float(self._frame.left), 14.0
        for layer in layers:
            self._draw.rounded_rectangle(
                self._scaled(x, y, x + 14, y + 14), radius=8, fill=_rgb(layer.color)
            )
            self._text(x + 20, y + 7, layer.label, 14, "lm")
            x += 44 + _font(14).getlength(layer.label)

    def _scaled(self, x0: float, y0: float, x1: float, y1: float) -> list[float]:
        # Pillow draws the far edge too; one pixel less keeps neighbors apart.
        near = [round(x0 * _OVERSAMPLING), round(y0 * _OVERSAMPLING)]
        far = [round(x1 * _OVERSAMPLING) - 1, round(y1 * _OVERSAMPLING) - 1]
        return [*near, max(near[0], far[0]), max(near[1], far[1])]

    def _box(self, x0: float, y0: float, x1: float, y1: float, fill: tuple[int, int, int]) -> None:
        self._draw.rectangle(self._scaled(x0, y0, x1, y1), fill=fill)

    def _line(self, x0: float, y0: float, x1: float, y1: float, fill: tuple[int, int, int]) -> None:
        # Whole pixels of the finished picture, or the line would blur.
        x0, y0 = int(x0), int(y0)
        x1, y1 = max(int(x1), x0 + 1), max(int(y1), y0 + 1)
        self._box(x0, y0, x1, y1, fill)

    def _text(self, x: float, y: float, text: str, size: int, anchor: str = "la") -> None:
        place = (x * _OVERSAMPLING, y * _OVERSAMPLING)
        font = _font(size * _OVERSAMPLING)
        self._draw.text(place, text, fill=_TEXT, font=font, anchor=anchor)


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size=size)


def _rgb(color: str) -> tuple[int, int, int]:
    value = int(color.removeprefix("#"), 16)
    return value >> 16 & 255, value >> 8 & 255, value & 255


def _mix(
    color: tuple[int, int, int], other: tuple[int, int, int], share: float
) -> tuple[int, int, int]:
    mixed = [round(a * share + b * (1.0 - share)) for a, b in zip(color, other, strict=True)]
    return mixed[0], mixed[1], mixed[2]
