"""A snapshot on the screen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from rich import box
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table as RichTable
from rich.text import Text

from magenta_bridge.cli.top.snapshot import Snapshot, Spread


@dataclass(frozen=True)
class Table:
    """Rows below their heads; the first column is of words, the others of numbers.

    Attributes:
        heads: Heads of the columns.
        rows: The rows.
    """

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def state_line(snapshot: Snapshot) -> str:
    """Returns what the server is, in a line."""
    state = "serving" if snapshot.serving else "draining"
    memory = f", {snapshot.memory_bytes / 1e6:,.0f} MB" if snapshot.memory_bytes else ""
    return (
        f"Magenta Bridge {snapshot.version}, {state}, up {_long(snapshot.uptime_seconds)}{memory}"
    )


def count_lines(snapshot: Snapshot) -> list[str]:
    """Returns what it has done and has in hand, in some lines."""
    return [
        f"calls {snapshot.calls:,} ({snapshot.per_second:.1f} a second), "
        f"in hand {snapshot.in_hand}, requests open {snapshot.requests_open}, "
        f"steps waiting {snapshot.steps_waiting}",
        f"rejected {_reasons(snapshot.rejected)}; failed {_reasons(snapshot.failed)}",
        f"steps of work waited {_both(snapshot.step_wait)}, and ran {_both(snapshot.step_run)}",
    ]


def method_table(snapshot: Snapshot) -> Table:
    """Returns a row for each method."""
    rows = tuple(
        (
            row.method,
            f"{row.calls:,}",
            f"{row.errors:,}",
            f"{row.per_second:.1f}",
            _ms(row.seconds.p50),
            _ms(row.seconds.p99),
        )
        for row in snapshot.methods
    )
    return Table(("method", "calls", "errors", "a second", "p50 ms", "p99 ms"), rows)


def generator_table(snapshot: Snapshot) -> Table:
    """Returns a row for each generator."""
    rows = tuple(
        (
            row.generator if row.loaded or row.generator == "other" else f"{row.generator} (gone)",
            f"{row.requests:,}",
            f"{row.errors:,}",
            f"{row.notes:,}",
            f"{row.music_seconds:,.0f}",
            f"{row.speed:.1f}x",
        )
        for row in snapshot.generators
    )
    return Table(("generator", "requests", "errors", "notes", "music s", "real time"), rows)


def as_text(snapshot: Snapshot) -> str:
    """Returns everything as plain text."""
    parts = ["\n".join([state_line(snapshot), *count_lines(snapshot)])]
    parts += [_aligned(table) for table in (method_table(snapshot), generator_table(snapshot))]
    return "\n\n".join(part for part in parts if part)


def _aligned(table: Table) -> str:
    if not table.rows:
        return ""
    widths = [max(map(len, column)) for column in zip(table.heads, *table.rows, strict=True)]
    return "\n".join(_line(row, widths) for row in (table.heads, *table.rows))


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    first, *others = zip(row, widths, strict=True)
    cells = [first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in others)]
    return "  ".join(cells).rstrip()


def _both(spread: Spread) -> str:
    return f"{_ms(spread.p50)} ms (p99 {_ms(spread.p99)} ms)"


def _reasons(counts: Mapping[str, int]) -> str:
    named = ", ".join(f"{reason} {count:,}" for reason, count in counts.items())
    return f"{sum(counts.values()):,}" + (f" ({named})" if named else "")


def _ms(seconds: float | None) -> str:
    if seconds is None:
        return "-"
    return f"{1e3 * seconds:,.2f}" if seconds < 0.01 else f"{1e3 * seconds:,.0f}"


def _long(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


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
