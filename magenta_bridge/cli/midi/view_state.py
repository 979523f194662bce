"""What is known of the playing at a moment, and its piano roll as text."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Any, Final

from magenta_bridge.midi.process.settings import Settings
from magenta_bridge.noteseq import NoteSequence

_SENTENCES: Final = {
    "ready": "Ready.",
    "late": "The response came late and begins {ticks} bars later.",
    "failure": "No response: {message}",
    "tempo": "{qpm:g} qpm",
    "port": "The {direction} port {name!r} is {state}.",
    "panic": "All notes off.",
    "log": "{level}: {message}",
}


def sentence_of(what: str, details: dict[str, Any]) -> str | None:
    """Returns a report in words; None for one that no musician needs."""
    if what == "prepared":
        ahead = details["ahead"]
        return ahead and f"The response was there {1000 * ahead:.0f} ms before its time."
    template = _SENTENCES.get(what)
    return template and template.format(**details)


_CELLS_PER_TICK: Final = 16
_ROWS: Final = 12
_LINES: Final = 4
_CALL, _RESPONSE = "░", "█"


@dataclass
class Part:
    """One musician.

    Attributes:
        ports: Names of the ports that are heard.
        generators: Who answers.
        channel: MIDI channel of the responses, 0 to 15.
        state: Idle, listening or responding.
        ahead_ms: How long before its time the last response was there; None before the first.
    """

    ports: str
    generators: str
    channel: int
    state: str = "Idle"
    ahead_ms: float | None = None


@dataclass(frozen=True)
class Bar:
    """A note of the roll: seconds of the wall clock, and how it is drawn."""

    pitch: int
    start: float
    end: float
    sign: str


@dataclass
class Scene:
    """All that a view draws.

    Attributes:
        parts: The musicians.
        outputs: Names of the ports that are played to.
        qpm: Tempo.
        ticks: How many ticks there have been.
        tick_time: When the last one was, in seconds of the wall clock.
        lines: What was said last.
        lost: Names of the ports that are gone for the time being.
    """

    parts: list[Part] = field(default_factory=list)
    outputs: str = ""
    qpm: float = 120.0
    ticks: int = 0
    tick_time: float = 0.0
    lines: deque[str] = field(default_factory=lambda: deque(maxlen=_LINES))
    lost: list[str] = field(default_factory=list)
    _bars: list[Bar] = field(default_factory=list)

    def begin(self, settings: Settings) -> None:
        """Takes who plays with whom."""
        self.parts = [
            Part(
                ", ".join(choice.name for choice in musician.inputs),
                ", ".join(musician.generators),
                musician.channel,
            )
            for musician in settings.musicians
        ]
        self.outputs = ", ".join(choice.name for choice in settings.outputs)
        self.qpm = settings.qpm

    def hear(self, what: str, details: dict[str, Any]) -> None:
        """Takes a report of the player."""
        part = self.parts[details.get("musician", 0)]
        if what == "state":
            part.state = details["state"]
        elif what == "tick":
            self.ticks, self.tick_time = self.ticks + 1, details["time"]
            self._forget()
        elif what == "call":
            self._draw(details["sequence"], details["start"], _CALL)
        elif what == "response":
            self._draw(details["sequence"], 0.0, _RESPONSE)
        elif what == "prepared" and details["ahead"] is not None:
            part.ahead_ms = 1000 * details["ahead"]
        else:
            line = sentence_of(what, details)
            if line:
                self.lines.append(line)
        if what == "tempo":
            self.qpm = details["qpm"]
        elif what == "port":
            self.lost = [name for name in self.lost if name != details["name"]]
            self.lost += [details["name"]] * (details["state"] == "lost")

    def beat(self, now: float) -> int:
        """Returns the quarter of the bar, 1 to 4, at a time of the wall clock."""
        return int((now - self.tick_time) * self.qpm / 60.0) % 4 + 1

    def roll(self, width: int) -> list[str]:
        """Returns the last call and response as lines of text, the highest pitch first.

        Args:
            width: Columns there are; older notes are left out.
        """
        if not self._bars:
            return []
        lowest = min(bar.pitch for bar in self._bars)
        highest = max(lowest + 1, *(bar.pitch for bar in self._bars))
        step = max(1.0, (highest - lowest + 1) / _ROWS)
        rows = int((highest - lowest) / step) + 1
        cell = self._tick_s / _CELLS_PER_TICK
        first = max(bar.end for bar in self._bars) - width * cell
        first = max(first, min(bar.start for bar in self._bars))
        cells = [[" "] * width for _ in range(rows)]
        for bar in self._bars:
            row = cells[rows - 1 - int((bar.pitch - lowest) / step)]
            begin, end = round((bar.start - first) / cell), round((bar.end - first) / cell)
            for column in range(max(0, begin), min(width, max(end, begin + 1))):
                row[column] = bar.sign
        return ["".join(row).rstrip() for row in cells]

    @property
    def _tick_s(self) -> float:
        return 4 * 60.0 / self.qpm

    def _draw(self, music: bytes, start: float, sign: str) -> None:
        for note in NoteSequence.FromString(music).notes:
            self._bars.append(Bar(note.pitch, start + note.start_time, start + note.end_time, sign))

    def _forget(self) -> None:
        latest = max((bar.end for bar in self._bars), default=0.0)
        self._bars = [bar for bar in self._bars if bar.end > latest - 16 * self._tick_s]
