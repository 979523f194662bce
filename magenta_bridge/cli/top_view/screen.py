"""A snapshot on the screen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rich import box
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table as RichTable
from rich.text import Text

from magenta_bridge.cli.top_view.snapshot import Snapshot
from magenta_bridge.cli.top_view.tables import (
    Table,
    count_lines,
    generator_table,
    method_table,
    state_line,
)

# From nothing to the most, for terminals that show block elements and for those that do not.
_BLOCKS: Final = " ▁▂▃▄▅▆▇█"
_PLAIN: Final = " .:-=+*#@"


def draw(
    snapshot: Snapshot, rates: Sequence[float], *, plain: bool = False, fault: str = ""
) -> RenderableType:
    """Returns the whole screen.

    Args:
        snapshot: The last one there is.
        rates: Calls a second over the last minute, in order.
        plain: Whether the terminal shows ASCII only.
        fault: Why there is no newer one; empty when there is.
    """
    state = Text(state_line(snapshot), style="bold green" if snapshot.serving else "bold yellow")
    if fault:
        state = Text(fault, style="bold red")
    counts = [
        Text(line, style=_style(index, snapshot))
        for index, line in enumerate(count_lines(snapshot))
    ]
    curve = Text.assemble(
        (sparkline(rates, plain=plain), "cyan"),
        (f"  calls a second, at most {max(rates, default=0.0):.1f}", "dim"),
    )
    body = Group(
        state,
        *counts,
        curve,
        Text(),
        _shown(method_table(snapshot), plain=plain),
        _shown(generator_table(snapshot), plain=plain),
        Text("q or Ctrl-C ends", style="dim"),
    )
    return Panel(body, box=box.ASCII if plain else box.ROUNDED, title="magenta-bridge top")


def sparkline(values: Sequence[float], *, plain: bool = False) -> str:
    """Returns a curve, a character for each value; the highest value fills its own."""
    marks = _PLAIN if plain else _BLOCKS
    most = max(values, default=0.0)
    if most <= 0.0:
        return marks[0] * len(values)
    top = len(marks) - 1
    return "".join(marks[min(top, -int(-value / most * top // 1))] for value in values)


def _style(line: int, snapshot: Snapshot) -> str:
    troubled = line == 1 and bool(snapshot.rejected or snapshot.failed)
    return "yellow" if troubled else ""


def _shown(table: Table, *, plain: bool) -> RichTable:
    shown = RichTable(box=box.ASCII if plain else box.SIMPLE_HEAD, expand=True, pad_edge=False)
    first, *others = table.heads
    shown.add_column(first, no_wrap=True)
    for head in others:
        shown.add_column(head, justify="right", no_wrap=True)
    for row in table.rows:
        shown.add_row(*(Text(cell) for cell in row))
    return shown
