"""Format a snapshot as text or for the live view."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping, Sequence
from typing import Final

from rich import box
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.table import Table as RichTable
from rich.text import Text

from magenta_bridge.cli.top.scrape import Scrape, read_scrape
from magenta_bridge.cli.top.snapshot import History, Quantiles, Snapshot
from magenta_bridge.errors import ServerUnavailableError

# A header and rows; the first column contains text, the others numbers.
Table = list[tuple[str, ...]]


def state_line(snapshot: Snapshot) -> str:
    """Return a line with the server's version, state, uptime and memory."""
    state = "serving" if snapshot.serving else "draining"
    memory = f", {snapshot.memory_bytes / 1e6:,.0f} MB" if snapshot.memory_bytes else ""
    uptime = _duration(snapshot.uptime_seconds)
    return f"Magenta Bridge {snapshot.version}, {state}, up {uptime}{memory}"


def count_lines(snapshot: Snapshot) -> list[str]:
    """Return lines with the numbers of calls, requests and steps."""
    return [
        f"calls {snapshot.calls:,} ({snapshot.per_second:.1f} per second), "
        f"in flight {snapshot.in_flight}, requests open {snapshot.requests_open}, "
        f"steps waiting {snapshot.steps_waiting}",
        f"rejected {_reasons(snapshot.rejected)}; failed {_reasons(snapshot.failed)}",
        f"steps waited {_both(snapshot.step_wait)} and ran {_both(snapshot.step_run)}",
    ]


def method_table(snapshot: Snapshot) -> Table:
    """Return a table with a row for each method."""
    rows = [
        (
            row.method,
            f"{row.calls:,}",
            f"{row.errors:,}",
            f"{row.per_second:.1f}",
            _ms(row.seconds.p50),
            _ms(row.seconds.p99),
        )
        for row in snapshot.methods
    ]
    return [("method", "calls", "errors", "per second", "p50 ms", "p99 ms"), *rows]


def generator_table(snapshot: Snapshot) -> Table:
    """Return a table with a row for each generator."""
    rows = [
        (
            row.generator if row.loaded or row.generator == "other" else f"{row.generator} (gone)",
            f"{row.requests:,}",
            f"{row.errors:,}",
            f"{row.notes:,}",
            f"{row.music_seconds:,.0f}",
            f"{row.speed:.1f}x",
        )
        for row in snapshot.generators
    ]
    return [("generator", "requests", "errors", "notes", "music s", "real time"), *rows]


def as_text(snapshot: Snapshot) -> str:
    """Return the whole snapshot as plain text."""
    parts = ["\n".join([state_line(snapshot), *count_lines(snapshot)])]
    parts += [_aligned(table) for table in (method_table(snapshot), generator_table(snapshot))]
    return "\n\n".join(part for part in parts if part)


def _aligned(table: Table) -> str:
    if len(table) == 1:
        return ""
    first, *others = (max(map(len, column)) for column in zip(*table, strict=True))
    lines = []
    for name, *cells in table:
        padded = [cell.rjust(width) for cell, width in zip(cells, others, strict=True)]
        lines.append("  ".join([name.ljust(first), *padded]))
    return "\n".join(lines)


def _both(quantiles: Quantiles) -> str:
    return f"{_ms(quantiles.p50)} ms (p99 {_ms(quantiles.p99)} ms)"


def _reasons(counts: Mapping[str, int]) -> str:
    named = ", ".join(f"{reason} {count:,}" for reason, count in counts.items())
    return f"{sum(counts.values()):,}" + (f" ({named})" if named else "")


def _ms(seconds: float | None) -> str:
    if seconds is None:
        return "-"
    return f"{1e3 * seconds:,.2f}" if seconds < 0.01 else f"{1e3 * seconds:,.0f}"


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


# From zero to the maximum, for terminals with Unicode and without.
_BLOCKS: Final = " ▁▂▃▄▅▆▇█"
_PLAIN: Final = " .:-=+*#@"


def watch(url: str, first: Scrape, interval: float) -> None:
    """Show a server's metrics on the whole terminal until Ctrl-C.

    If the server becomes unavailable, show the error and keep trying.

    Args:
        url: URL of the metrics.
        first: The first scrape.
        interval: Seconds between two scrapes.
    """
    console, history = Console(highlight=False), History()
    plain = console.options.ascii_only
    snapshot, failure = history.add(first), ""
    screen = Live(console=console, screen=True, auto_refresh=False)
    with contextlib.suppress(KeyboardInterrupt), screen:
        while True:
            screen.update(draw(snapshot, history.rates(), plain=plain, error=failure), refresh=True)
            time.sleep(interval)
            try:
                snapshot, failure = history.add(read_scrape(url)), ""
            except ServerUnavailableError as error:
                failure = error.message


def draw(
    snapshot: Snapshot, rates: Sequence[float], *, plain: bool = False, error: str = ""
) -> RenderableType:
    """Return the live view.

    Args:
        snapshot: The last snapshot.
        rates: Calls per second over the last minute, in order.
        plain: Whether the terminal is limited to ASCII.
        error: Why there is no newer snapshot; empty if there is one.
    """
    state = Text(state_line(snapshot), style="bold green" if snapshot.serving else "bold yellow")
    if error:
        state = Text(error, style="bold red")
    counts = [Text(line) for line in count_lines(snapshot)]
    if snapshot.rejected or snapshot.failed:
        counts[1].stylize("yellow")
    curve = Text.assemble(
        (sparkline(rates, plain=plain), "cyan"),
        (f"  calls per second, maximum {max(rates, default=0.0):.1f}", "dim"),
    )
    body = Group(
        state,
        *counts,
        curve,
        Text(),
        _rich_table(method_table(snapshot), plain=plain),
        _rich_table(generator_table(snapshot), plain=plain),
        Text("Press Ctrl-C to quit", style="dim"),
    )
    return Panel(body, box=box.ASCII if plain else box.ROUNDED, title="magenta-bridge top")


def sparkline(values: Sequence[float], *, plain: bool = False) -> str:
    """Return a curve with one character per value, scaled to the maximum."""
    marks = _PLAIN if plain else _BLOCKS
    maximum = max(values, default=0.0)
    if maximum <= 0.0:
        return marks[0] * len(values)
    top = len(marks) - 1
    return "".join(marks[min(top, -int(-value / maximum * top // 1))] for value in values)


def _rich_table(table: Table, *, plain: bool) -> RichTable:
    shown = RichTable(box=box.ASCII if plain else box.SIMPLE_HEAD, expand=True, pad_edge=False)
    first, *others = table[0]
    shown.add_column(first, no_wrap=True)
    for head in others:
        shown.add_column(head, justify="right", no_wrap=True)
    for row in table[1:]:
        shown.add_row(*(Text(cell) for cell in row))
    return shown
