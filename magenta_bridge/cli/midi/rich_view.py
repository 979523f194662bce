"""Draws the playing on the terminal; needs rich."""

from __future__ import annotations

from types import TracebackType
from typing import Any, Final

from rich.console import Console, Group
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from magenta_bridge.cli.midi.view_state import Scene
from magenta_bridge.midi.process.settings import Settings
from magenta_bridge.midi.timing.steady_clock import STEADY_CLOCK

_STYLES: Final = {"Idle": "dim", "Listening": "bold cyan", "Responding": "bold magenta"}
_FRAMES_PER_SECOND: Final = 8


class ScreenView:
    """A picture of who plays, where in the bar, and what.

    Args:
        console: Where to draw; None for the terminal.
    """

    def __init__(self, console: Console | None = None) -> None:
        self._scene = Scene()
        self._console = console or Console()
        self._live = Live(
            get_renderable=self._picture,
            console=self._console,
            refresh_per_second=_FRAMES_PER_SECOND,
            transient=True,
        )

    def __enter__(self) -> ScreenView:
        self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._live.stop()

    def say(self, sentence: str) -> None:
        """Shows a sentence under the picture."""
        self._scene.lines.extend(sentence.splitlines())

    def begin(self, settings: Settings) -> None:
        """Shows what is played with."""
        self._scene.begin(settings)

    def hear(self, what: str, details: dict[str, Any]) -> None:
        """Takes a report of the player."""
        self._scene.hear(what, details)

    def _picture(self) -> Panel:
        scene = self._scene
        width = max(8, self._console.width - 6)
        roll = Text("\n".join(scene.roll(width)) or "Play, stop for a bar, and listen.")
        said = Text("\n".join(scene.lines), style="dim")
        lost = f"lost: {', '.join(scene.lost)}  -  " if scene.lost else ""
        return Panel(
            Group(self._who(), Text(""), roll, Text("░ call  █ response", style="dim"), said),
            title=f"{scene.qpm:g} qpm  bar {scene.ticks + 1}  {self._beats()}",
            border_style="red" if scene.lost else "none",
            subtitle=f"{lost}plays to {scene.outputs}  -  Ctrl-C ends",
        )

    def _who(self) -> Table:
        table = Table.grid(padding=(0, 2))
        for part in self._scene.parts:
            ahead = "" if part.ahead_ms is None else f"{part.ahead_ms:.0f} ms ahead"
            table.add_row(
                Text(part.state, style=_STYLES.get(part.state, "")),
                part.ports,
                f"{part.generators} on channel {part.channel + 1}",
                Text(ahead, style="dim"),
            )
        return table

    def _beats(self) -> str:
        beat = self._scene.beat(STEADY_CLOCK.now()) if self._scene.ticks else 0
        return " ".join("●" if number == beat else "·" for number in range(1, 5))
