"""Piano rolls: NoteSequences as a picture.

Octaves are named as in Ableton Live: middle C, MIDI pitch 60, is C3.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from magenta_bridge.files import save_bytes
from magenta_bridge.noteseq import NoteSequence
from magenta_bridge.sequences.meter import Meter, meter_at
from magenta_bridge.sequences.sections import bar_lines
from magenta_bridge.sequences.tempo_map import TempoMap

BLACK_KEYS = frozenset({1, 3, 6, 8, 10})

_PIXELS_PER_BAR = 96
_NARROWEST, _WIDEST = 640, 4800
_LEAST_PITCHES = 24
_TALLEST = 760
_ROW_HEIGHTS = (5, 14)
_MARGIN_LEFT, _MARGIN_RIGHT, _MARGIN_BOTTOM = 40, 16, 16
_KEYS_WIDTH = 44
# Edges of the note area.
_LEFT, _TOP = _MARGIN_LEFT + _KEYS_WIDTH, 58
_SHORTEST_S = 2.0
_COMPOUND_NUMERATORS = (6, 9, 12)
_SAME_INSTANT_S = 1e-6


@dataclass(frozen=True)
class GridLine:
    """One line of the time grid.

    Attributes:
        time_s: Its time, in seconds.
        bar: Number of the bar that starts here, from 1; None for a beat inside a bar.
    """

    time_s: float
    bar: int | None


def timekeeper(sequences: Sequence[NoteSequence]) -> NoteSequence:
    """Return the first sequence with a tempo or a meter, or an empty one."""
    stated = (each for each in sequences if each.tempos or each.time_signatures)
    return next(stated, NoteSequence())


def grid_lines(sequence: NoteSequence, end_s: float) -> Iterator[GridLine]:
    """Yield the bar and beat lines of a piece up to ``end_s``, in order of time.

    In 6/8, 9/8, and 12/8 a beat is a dotted quarter. The default is 4/4 at 120 qpm.
    """
    tempo = TempoMap(sequence)
    lines = bar_lines(sequence, 0.0, end_s)
    for bar, start_s in enumerate(lines, start=1):
        yield GridLine(start_s, bar)
        stop_s = lines[bar] if bar < len(lines) else end_s
        beat = _beat_quarters(meter_at(sequence, start_s + _SAME_INSTANT_S))
        position = float(tempo.quarters(start_s)) + beat
        while (time_s := float(tempo.seconds(position))) < stop_s - _SAME_INSTANT_S:
            yield GridLine(time_s, None)
            position += beat


def _beat_quarters(meter: Meter) -> float:
    """Return the length of a beat in quarter notes."""
    compound = meter.denominator >= 8 and meter.numerator in _COMPOUND_NUMERATORS
    return (12.0 if compound else 4.0) / meter.denominator


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
    def right(self) -> int:
        """Right edge of the note area, in pixels."""
        return _LEFT + self.roll_width

    @property
    def bottom(self) -> int:
        """Bottom edge of the note area, in pixels."""
        return _TOP + (self.highest - self.lowest + 1) * self.row

    @property
    def width(self) -> int:
        """Width of the picture, in pixels."""
        return self.right + _MARGIN_RIGHT

    @property
    def height(self) -> int:
        """Height of the picture, in pixels."""
        return self.bottom + _MARGIN_BOTTOM

    def x(self, time_s: float) -> float:
        """Return the column of a time in seconds."""
        return _LEFT + min(time_s / self.end_s, 1.0) * self.roll_width

    def y(self, pitch: int) -> int:
        """Return the top of a pitch's row."""
        return _TOP + (self.highest - pitch) * self.row


def frame_for(sequences: Sequence[NoteSequence]) -> RollFrame:
    """Return a frame for all notes of any sequences, up to the next bar line."""
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
    """Return the first bar line at or after ``end_s``, and the number of bars before it."""
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
    """Widen a range of pitches, within 0 to 127."""
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
    """Draw notes over piano keys, bars, and beats.

    Args:
        layers: What to draw, the lowest first. The first layer with a tempo or a meter determines
            the bar lines.
        path: The PNG file; None for none.

    Returns:
        The picture, RGB, about 100 pixels wide per bar.

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
    """Draw the parts of a piano roll, all in the coordinates of the finished picture."""

    def __init__(self, draw: ImageDraw.ImageDraw, frame: RollFrame) -> None:
        self._draw = draw
        self._frame = frame

    def draw_rows(self) -> None:
        frame = self._frame
        for pitch in range(frame.lowest, frame.highest + 1):
            top = frame.y(pitch)
            if pitch % 12 in BLACK_KEYS:
                self._box(_LEFT, top, frame.right, top + frame.row, _BLACK_ROW)
            if pitch % 12 == 0:
                bottom = top + frame.row
                self._line(_LEFT, bottom, frame.right, bottom, _OCTAVE_LINE)

    def draw_bars(self, sequence: NoteSequence) -> None:
        frame = self._frame
        numbered_until = -1.0
        for line in grid_lines(sequence, frame.end_s):
            x = frame.x(line.time_s)
            if line.bar is None:
                if frame.shows_beats:
                    self._line(x, _TOP, x, frame.bottom, _BEAT_LINE)
                continue
            self._line(x, _TOP - 4, x, frame.bottom, _BAR_LINE)
            if x >= numbered_until and x < frame.right - 8:
                self._text(x + 4, _TOP - 17, str(line.bar), 12)
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
        left, right = _LEFT - _KEYS_WIDTH, _LEFT
        self._box(left, _TOP, right, frame.bottom, _PAPER)
        for pitch in range(frame.lowest, frame.highest + 1):
            top = frame.y(pitch)
            if pitch % 12 in BLACK_KEYS:
                self._box(left, top, left + _KEYS_WIDTH * 0.58, top + frame.row, _BLACK_KEY)
                middle = top + frame.row / 2
                self._line(left + _KEYS_WIDTH * 0.58, middle, right, middle, _KEY_EDGE)
            elif pitch % 12 in (0, 5):
                self._line(left, top + frame.row, right, top + frame.row, _KEY_EDGE)
            if pitch % 12 == 0:
                self._text(left - 6, top + frame.row / 2, f"C{pitch // 12 - 2}", 11, "rm")
        self._draw.rectangle(
            self._scaled(left, _TOP, frame.right, frame.bottom), outline=_BAR_LINE, width=2
        )

    def draw_legend(self, layers: Sequence[Layer]) -> None:
        x, y = float(_LEFT), 14.0
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
