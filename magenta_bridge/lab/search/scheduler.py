"""A search at work: trial after trial, until there are enough or the time is up."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from magenta_bridge.cli.progress.progress_table import ProgressTable
from magenta_bridge.data.splits import Split
from magenta_bridge.errors import MagentaBridgeError
from magenta_bridge.lab.search.leaderboard import Ranking
from magenta_bridge.lab.search.objective_study import ObjectiveStudy, trial_folder
from magenta_bridge.lab.search.study import FAILED, FINISHED, PRUNED, STOPPED
from magenta_bridge.lab.search.trial import PrunedError, TimeLimitError, TrialWatcher, run_trial
from magenta_bridge.training.checkpoint import Run
from magenta_bridge.training.fit import forget_networks

# So many failures, or as many as trials are wanted, and no other network will do better.
_FEWEST_FAILURES: Final = 3


class SearchRunner:
    """A search in its folder.

    Args:
        output: The folder.
        split: The music.
        contests: What is compared.
        trials: Trials wanted in all.
        deadline: When to stop, on ``time.monotonic``'s clock.
    """

    def __init__(
        self,
        output: Path,
        split: Split,
        contests: Sequence[ObjectiveStudy],
        *,
        trials: int,
        deadline: float,
    ) -> None:
        self._output, self._split, self._contests = output, split, contests
        self._trials, self._deadline = trials, deadline
        self._board = ProgressTable(self.rankings, trials)

    @property
    def done(self) -> int:
        """Trials that count: finished and pruned ones."""
        return self._count(FINISHED, PRUNED)

    @property
    def late(self) -> bool:
        """Whether the time is up."""
        return time.monotonic() >= self._deadline

    def rankings(self) -> list[Ranking]:
        """Returns how all trials stand."""
        return [contest.ranking() for contest in self._contests]

    def _count(self, *states: str) -> int:
        return sum(row.state in states for each in self._contests for row in each.study.standings())

    def run(self, keep: Callable[[Sequence[Ranking]], None]) -> None:
        """Tries until there are trials enough, time is up, or somebody stops it.

        Args:
            keep: Called with the rankings after each trial.
        """
        try:
            while not self.late and (contest := self._next()) is not None:
                self._try(contest)
                keep(self.rankings())
        finally:
            self._board.close()

    def _next(self) -> ObjectiveStudy | None:
        """Returns who is to try next: first who has a trial to go on with, then turn by turn."""
        most_failures = max(self._trials, _FEWEST_FAILURES)
        if self.done >= self._trials or self._count(FAILED) >= most_failures:
            return None

        def turn(contest: ObjectiveStudy) -> tuple[bool, float]:
            rows = contest.study.standings()
            stopped = any(row.state == STOPPED for row in rows)
            return not stopped, len(rows) / len(contest.yardstick.families)

        return min(self._contests, key=turn)

    def _try(self, contest: ObjectiveStudy) -> None:
        number = 1 + max(each.study.last_number() for each in self._contests)
        attempt, study = contest.study.ask(number), contest.study
        self._board.on_trial(attempt, self.done)
        watcher = TrialWatcher(attempt, self._board, self._deadline)
        recipe = contest.recipe(attempt, attempt.number)
        folder = trial_folder(self._output, attempt.number)
        try:
            measured = run_trial(recipe, self._split, folder, watcher)
        except PrunedError:
            study.prune(attempt)
        except TimeLimitError:
            study.leave()
        except MagentaBridgeError as error:
            study.fail(attempt, error.message)
        except Exception as error:  # noqa: BLE001 - what one network does, others need not
            study.fail(attempt, " ".join(f"{type(error).__name__}: {error}".split())[:300])
        else:
            study.finish(attempt, measured.value, measured.microseconds)
        forget_networks()
        ended = next(row for row in study.standings() if row.trial == attempt.number)
        if ended.state != STOPPED:
            Run(folder).drop_checkpoint()
        self._board.on_end(ended)
