"""A search as one sees it: a live table on a terminal, elsewhere a line for each event."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Final

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from magenta_bridge.lab.search.leaderboard import Ranking, cells, format_params, headings
from magenta_bridge.lab.search.study import FINISHED, Attempt, TrialSummary
from magenta_bridge.training.checkpoint import Progress

_OTHER_LINES: Final = 6


class ProgressTable:
    """Shows the rankings while the search goes on.

    Args:
        look: Returns the rankings as they stand.
        wanted: Trials that are wanted in all.
    """

    def __init__(self, look: Callable[[], Sequence[Ranking]], wanted: int) -> None:
        self._look, self._wanted = look, wanted
        self._console = Console(file=sys.stderr, highlight=False)
        self._tables: list[Table] = []
        self._live = Live(console=self._console, transient=True)
        if self._console.is_terminal:
            self._live.start()

    def on_trial(self, attempt: Attempt, done: int) -> None:
        """Hears that a trial begins or goes on; ``done`` are finished or pruned before it."""
        self._refresh()
        self._line(
            f"trial {attempt.number} ({done} of {self._wanted} done): {attempt.family}, "
            f"{format_params(attempt.values)}"
        )

    def on_batch(self, number: int, epoch: int, share: float) -> None:
        """Hears of a batch; ``share`` of the epoch is done."""
        self._show(f"trial {number}, epoch {epoch}: {share:.0%}")

    def on_epoch(self, number: int, progress: Progress) -> None:
        """Hears of an epoch done."""
        self._refresh()
        self._show(f"trial {number}, epoch {progress.epoch} done")
        loss, seconds = (progress.history[name][-1] for name in ("validation_loss", "seconds"))
        self._line(
            f"  trial {number}, epoch {progress.epoch}: validation {loss:.4f}, {seconds:.0f} s"
        )

    def on_end(self, row: TrialSummary) -> None:
        """Hears that a trial has ended."""
        self._refresh()
        figure = ""
        if row.state == FINISHED:
            figure = f" at {row.value:.4f}, {row.microseconds:.0f} µs a step"
        reason = f": {row.reason}" if row.reason else ""
        self._line(f"  trial {row.trial} {row.state}{figure}{reason}")

    def close(self) -> None:
        """Leaves the last table standing."""
        if self._console.is_terminal:
            self._live.stop()
            self._refresh()
            self._console.print(Group(*self._tables))

    def _line(self, sentence: str) -> None:
        if not self._console.is_terminal:
            self._console.print(sentence, soft_wrap=True, markup=False)

    def _refresh(self) -> None:
        if self._console.is_terminal:
            rankings = self._look()
            rows = max(3, (self._console.height - _OTHER_LINES) // len(rankings) - 4)
            self._tables = [_table(ranking, rows) for ranking in rankings]

    def _show(self, now: str) -> None:
        if self._console.is_terminal:
            self._live.update(Group(*self._tables, Text(now)))


def _table(ranking: Ranking, most: int) -> Table:
    hidden = len(ranking.standings) - most
    table = Table(
        *headings(ranking.yardstick),
        title=", ".join(ranking.yardstick.families),
        caption=f"and {hidden} more in leaderboard.md" if hidden > 0 else None,
    )
    for place, row in enumerate(ranking.standings[:most], start=1):
        table.add_row(*(Text(cell) for cell in cells(place, row)))
    return table
