"""Progress of a search: a live table on a terminal, elsewhere a line for each event."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from magenta_bridge.cli.progress import print_message

if TYPE_CHECKING:
    from magenta_bridge.lab.search import SearchResult
    from magenta_bridge.lab.search.study import Ranking, TrialSummary
    from magenta_bridge.training.checkpoint import Progress

_OTHER_LINES: Final = 6


class ProgressTable:
    """Callbacks for ``lab.search.search``."""

    def __init__(self) -> None:
        self._console = Console(file=sys.stderr, highlight=False)
        self._live = Live(console=self._console, transient=True)
        self._rankings: Sequence[Ranking] = ()
        self._trial: TrialSummary | None = None

    def on_trial(self, state: SearchResult) -> None:
        """Show that a trial begins, resumes or ends."""
        from magenta_bridge.lab.search.results import format_params

        trial = self._trial = state.latest
        self._rankings = state.rankings
        if trial is None:
            return
        if self._console.is_terminal:
            self._live.start()
            self._show(trial.state)
        elif trial.state == "running":
            self._line(
                f"trial {trial.trial} ({state.done} of {state.requested} done): {trial.family}, "
                f"{format_params(trial.values)}"
            )
        else:
            self._line(f"  {trial}")

    def on_batch(self, epoch: int, batch: int, batches: int, steps: int, loss: float) -> None:
        """Show the completed share of the epoch."""
        del steps, loss
        self._show(f"epoch {epoch + 1}: {batch / max(batches, 1):.0%}")

    def on_epoch(self, progress: Progress) -> None:
        """Show the epoch's scores."""
        if self._trial is None:
            return
        losses, seconds = (progress.history[name] for name in ("validation_loss", "seconds"))
        former = self._trial
        self._trial = dataclasses.replace(former, value=min(losses), epochs=progress.epoch)
        self._rankings = [
            dataclasses.replace(
                each, trials=[self._trial if row is former else row for row in each.trials]
            )
            for each in self._rankings
        ]
        self._show(f"epoch {progress.epoch} finished")
        self._line(
            f"  trial {former.trial}, epoch {progress.epoch}: validation {losses[-1]:.4f}, "
            f"{seconds[-1]:.0f} s"
        )

    def on_message(self, text: str) -> None:
        """Print a message below the table."""
        self.close()
        print_message(text)

    def close(self) -> None:
        """Print the last table in place of the live one."""
        if self._live.is_started:
            self._live.stop()
            self._console.print(Group(*self._tables()))

    def _line(self, text: str) -> None:
        if not self._console.is_terminal:
            self._console.print(text, soft_wrap=True, markup=False)

    def _show(self, text: str) -> None:
        if self._live.is_started and self._trial is not None:
            now = f"trial {self._trial.trial}, {text}"
            self._live.update(Group(*self._tables(), Text(now)))

    def _tables(self) -> list[Table]:
        rows = max(3, (self._console.height - _OTHER_LINES) // max(len(self._rankings), 1) - 4)
        return [_table(ranking, rows) for ranking in self._rankings]


def _table(ranking: Ranking, max_rows: int) -> Table:
    from magenta_bridge.lab.search.results import cells, headings

    hidden = len(ranking.trials) - max_rows
    table = Table(
        *headings(ranking.objective),
        title=", ".join(ranking.objective.families),
        caption=f"and {hidden} more in leaderboard.md" if hidden > 0 else None,
    )
    for place, row in enumerate(ranking.trials[:max_rows], start=1):
        table.add_row(*(Text(cell) for cell in cells(place, row)))
    return table
