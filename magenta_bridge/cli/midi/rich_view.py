"""Draws the state of the session and a piano roll on the terminal, with rich."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from rich.console import Console, Group
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from magenta_bridge.cli.midi.line_view import event_sentence
from magenta_bridge.midi.process.settings import MidiSettings
from magenta_bridge.midi.timing.steady_clock import STEADY_CLOCK
from magenta_bridge.noteseq import NoteSequence

_STYLES: Final = {"Idle": "dim", "Listening": "bold cyan", "Responding": "bold magenta"}
_FRAMES_PER_SECOND: Final = 8
_CELLS_PER_TICK: Final = 16
_ROWS: Final = 12
_LINES: Final = 4
_CALL, _RESPONSE = "░", "█"


@dataclass
class MusicianState:
    """The state of one musician; ``ahead_ms`` is how early the last response was ready."""

    ports: str
    generators: str
    channel: int
    state: str = "Idle"
    ahead_ms: float | None = None


class _RollNote(NamedTuple):
    """A note of the piano roll: times on the wall clock, and its symbol."""

    pitch: int
    start: float
    end: float
    symbol: str


@dataclass
class ViewState:
    """The state that the view draws; ``tick_time`` is on the wall clock, ``bar`` counts from 1."""

    musicians: list[MusicianState] = field(default_factory=list)
    outputs: str = ""
    clock: str = "internal"
    qpm: float = 120.0
    time_signature: tuple[int, int] = (4, 4)
    bar: int = 0
    tick_time: float = 0.0
    waiting_for: str = ""
    lines: deque[str] = field(default_factory=lambda: deque(maxlen=_LINES))
    lost: list[str] = field(default_factory=list)
    _notes: list[_RollNote] = field(default_factory=list)

    def begin(self, settings: MidiSettings) -> None:
        """Set musicians, outputs, clock, tempo and meter."""
        self.musicians = [
            MusicianState(
                ", ".join(choice.name for choice in musician.inputs),
                ", ".join(musician.generators),
                musician.channel,
            )
            for musician in settings.musicians
        ]
        self.outputs = ", ".join(choice.name for choice in settings.outputs)
        self.clock, self.qpm = settings.clock, settings.qpm
        self.time_signature = settings.time_signature

    def on_event(self, event: str, details: dict[str, Any]) -> None:
        """Update the state with an event of the player."""
        musician = self.musicians[details.get("musician", 0)]
        if event == "state":
            musician.state = details["state"]
        elif event == "waiting":
            self.waiting_for = details["waiting_for"]
        elif event == "tick" and details["musician"] == 0:
            self.bar, self.tick_time = details["bar"] or self.bar + 1, details["time"]
            latest = max((note.end for note in self._notes), default=0.0)
            self._notes = [n for n in self._notes if n.end > latest - 16 * self._tick_s]
        elif event == "call":
            self._add_notes(details["sequence"], details["start"], _CALL)
        elif event == "response":
            self._add_notes(details["sequence"], 0.0, _RESPONSE)
        elif event == "prepared" and details["ahead"] is not None:
            musician.ahead_ms = 1000 * details["ahead"]
        else:
            line = event_sentence(event, details)
            if line:
                self.lines.append(line)
        if event == "tempo":
            self.qpm = details["qpm"]
        elif event == "port":
            self.lost = [name for name in self.lost if name != details["name"]]
            self.lost += [details["name"]] * (details["state"] == "lost")

    def beat(self, now: float) -> int:
        """Return the beat of the bar, from 1, at a time of the wall clock."""
        numerator, denominator = self.time_signature
        return int((now - self.tick_time) * self.qpm / 60.0 * denominator / 4) % numerator + 1

    def roll(self, width: int) -> list[str]:
        """Return the last call and response as lines of ``width`` columns, highest pitch first."""
        if not self._notes:
            return []
        lowest = min(note.pitch for note in self._notes)
        highest = max(lowest + 1, *(note.pitch for note in self._notes))
        step = max(1.0, (highest - lowest + 1) / _ROWS)
        rows = int((highest - lowest) / step) + 1
        cell = self._tick_s / _CELLS_PER_TICK
        first = max(note.end for note in self._notes) - width * cell
        first = max(first, min(note.start for note in self._notes))
        cells = [[" "] * width for _ in range(rows)]
        for note in self._notes:
            row = cells[rows - 1 - int((note.pitch - lowest) / step)]
            start, end = round((note.start - first) / cell), round((note.end - first) / cell)
            for column in range(max(0, start), min(width, max(end, start + 1))):
                row[column] = note.symbol
        return ["".join(row).rstrip() for row in cells]

    @property
    def _tick_s(self) -> float:
        numerator, denominator = self.time_signature
        return 4 * numerator / denominator * 60.0 / self.qpm

    def _add_notes(self, music: bytes, start: float, symbol: str) -> None:
        self._notes += [
            _RollNote(note.pitch, start + note.start_time, start + note.end_time, symbol)
            for note in NoteSequence.FromString(music).notes
        ]


class RichView:
    """Draws musicians, clock, beat and piano roll.

    Args:
        console: The console; None for the terminal.
    """

    is_drawn: Final = True

    def __init__(self, console: Console | None = None) -> None:
        self._state = ViewState()
        self._console = console or Console()
        self._live = Live(
            get_renderable=self._render,
            console=self._console,
            refresh_per_second=_FRAMES_PER_SECOND,
            transient=True,
        )
        self.begin = self._state.begin
        self.on_event = self._state.on_event

    def __enter__(self) -> RichView:
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def show(self, sentence: str) -> None:
        """Show a sentence below the piano roll."""
        self._state.lines.extend(sentence.splitlines())

    def _render(self) -> Panel:
        state = self._state
        width = max(8, self._console.width - 6)
        roll = Text("\n".join(state.roll(width)) or "Play, pause for a bar, and listen.")
        lines = Text("\n".join(state.lines), style="dim")
        legend = Text(f"{_CALL} call  {_RESPONSE} response", style="dim")
        lost = f"lost: {', '.join(state.lost)}  -  " if state.lost else ""
        waiting = f"waiting for {state.waiting_for}  -  " if state.waiting_for else ""
        return Panel(
            Group(self._musicians(), Text(""), roll, legend, lines),
            title=self._title(),
            border_style="red" if state.lost else "yellow" if waiting else "none",
            subtitle=f"{lost}{waiting}output: {state.outputs}  -  {self._keys()}",
        )

    def _title(self) -> str:
        """Return clock, tempo, meter, and bar:beat; the beat is 0 before the first tick."""
        state = self._state
        numerator, denominator = state.time_signature
        beat = state.beat(STEADY_CLOCK.now()) if state.bar else 0
        beats = " ".join("●" if number == beat else "·" for number in range(1, numerator + 1))
        clock = f"{state.clock} clock  {state.qpm:g} qpm  {numerator}/{denominator}"
        return f"{clock}  {state.bar}:{beat}  {beats}"

    def _keys(self) -> str:
        bar_line = "B bar line here, " if self._state.clock == "midi" else ""
        return f"P all notes off, {bar_line}Ctrl-C stops"

    def _musicians(self) -> Table:
        table = Table.grid(padding=(0, 2))
        for musician in self._state.musicians:
            ahead = "" if musician.ahead_ms is None else f"{musician.ahead_ms:.0f} ms ahead"
            table.add_row(
                Text(musician.state, style=_STYLES.get(musician.state, "")),
                musician.ports,
                f"{musician.generators} on channel {musician.channel + 1}",
                Text(ahead, style="dim"),
            )
        return table
