"""What a page is made of: sections of texts, charts, tables, pictures and players.

Every block but a text bears a title and one sentence that says how to read it.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

MAKER: Final = "Magenta Bridge, compare"
"""What a page names as its maker: pages that bear it may be written over."""


@dataclass(frozen=True)
class Text:
    """A paragraph."""

    words: str
    block: Literal["text"] = "text"


@dataclass(frozen=True)
class Points:
    """Paragraphs of one list."""

    lines: Sequence[str]
    block: Literal["points"] = "points"


@dataclass(frozen=True)
class Mark:
    """One row of a chart.

    Attributes:
        label: Whose value it is.
        text: The value in words.
        value: The value.
        low: Where its interval begins; None for no interval.
        high: Where its interval ends.
        tone: Number of a model's color, from 0; -1 for people, -2 for a floor.
    """

    label: str
    text: str
    value: float
    low: float | None = None
    high: float | None = None
    tone: int = 0


@dataclass(frozen=True)
class Chart:
    """Values on one axis.

    Attributes:
        title: What is shown.
        sentence: How to read it.
        marks: The rows.
        unit: Unit of the axis.
        start: Where the axis begins; None for a little below the least value.
        bars: Draw bars from the start of the axis, not points.
    """

    title: str
    sentence: str
    marks: Sequence[Mark]
    unit: str
    start: float | None = 0.0
    bars: bool = False
    block: Literal["chart"] = "chart"

    @property
    def edges(self) -> tuple[float, float]:
        """Where the axis begins and ends."""
        values = [
            each
            for mark in self.marks
            for each in (mark.value, mark.low, mark.high)
            if each is not None
        ]
        highest = max(values)
        lowest = min(values) if self.start is None else min(self.start, *values)
        room = (highest - lowest) * 0.06 or max(abs(highest), 1.0) * 0.06
        return (lowest - room if self.start is None else lowest), highest + room

    def place(self, value: float) -> float:
        """Returns where a value lies on the axis, in percent."""
        first, last = self.edges
        return round(100.0 * (value - first) / (last - first), 2)


@dataclass(frozen=True)
class Row:
    """One row of a table: its heading, its cells, and which of them are best, by their places."""

    label: str
    cells: Sequence[str]
    best: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Table:
    """Rows and columns.

    Attributes:
        title: What is shown.
        sentence: How to read it.
        header: Headings, the first one that of the row headings.
        rows: The rows.
    """

    title: str
    sentence: str
    header: Sequence[str]
    rows: Sequence[Row]
    block: Literal["table"] = "table"


@dataclass(frozen=True)
class Picture:
    """A picture.

    Attributes:
        title: What is shown.
        sentence: How to read it.
        png: The PNG file.
        size: Width and height, pixels.
        alt: What it shows, for those who do not see it.
        wav: What it sounds like, a WAV file; empty for nothing.
    """

    title: str
    sentence: str
    png: bytes
    size: tuple[int, int]
    alt: str
    wav: bytes = b""
    block: Literal["picture"] = "picture"

    @property
    def png_url(self) -> str:
        """The picture as a ``data:`` address."""
        return "data:image/png;base64," + base64.b64encode(self.png).decode()

    @property
    def wav_url(self) -> str:
        """The sound as a ``data:`` address."""
        return "data:audio/wav;base64," + base64.b64encode(self.wav).decode()


Block: TypeAlias = Text | Points | Chart | Table | Picture


@dataclass(frozen=True)
class Section:
    """A heading and what stands under it."""

    name: str
    title: str
    blocks: Sequence[Block] = field(default_factory=tuple)
