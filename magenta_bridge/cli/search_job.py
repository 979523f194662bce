"""The work behind ``magenta-bridge search``: ask, train, tell, and keep the best."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import click

from magenta_bridge.cli.finishing import say
from magenta_bridge.cli.leaderboard import Ranking, leaderboard_table
from magenta_bridge.cli.search_board import Board
from magenta_bridge.cli.search_folder import check_told, claimed, music_digest, tell
from magenta_bridge.cli.search_result import make_winner, write_results
from magenta_bridge.cli.search_trial import PrunedError, TimeIsUpError, TrialWatcher, run_trial
from magenta_bridge.cli.trainers import check_kind
from magenta_bridge.cli.training_job import read_music
from magenta_bridge.errors import MagentaBridgeError, TrainingError, UnsupportedError
from magenta_bridge.training.families import Split
from magenta_bridge.training.own_music import fit_to_size, own_recipe
from magenta_bridge.training.recipe import Recipe
from magenta_bridge.training.search_space import Space, recipe_with, space_for
from magenta_bridge.training.search_study import (
    FAILED,
    FINISHED,
    PRUNED,
    STOPPED,
    Attempt,
    SearchStudy,
    Standing,
    open_storage,
    space_text,
)
from magenta_bridge.training.session import EXPORTING_BACKEND, backend, forget_networks
from magenta_bridge.training.yardsticks import Yardstick, yardsticks_of

_STUDY: Final = "study.db"
Spaces = Callable[[str, str], Space]


@dataclass(frozen=True)
class SearchJob:
    """One command line; see ``magenta-bridge search --help``."""

    data: Path
    families: tuple[str, ...]
    encoding: str
    trials: int
    seconds: float | None
    epochs: int | None
    output: Path
    as_json: bool


@dataclass(frozen=True)
class _Contest:
    """The trials that one yardstick compares.

    Attributes:
        yardstick: The yardstick.
        study: The trials so far.
        recipes: What ``train`` would do, by family.
    """

    yardstick: Yardstick
    study: SearchStudy
    recipes: Mapping[str, Recipe]

    def recipe(self, row: Standing | Attempt, number: int) -> Recipe:
        """Returns a trial's recipe."""
        usual = self.recipes[row.family]
        bundle = dataclasses.replace(usual.bundle, id=f"{row.family}_{number:03}")
        return recipe_with(dataclasses.replace(usual, bundle=bundle), row.values)

    def ranking(self) -> Ranking:
        """Returns how the trials stand."""
        return Ranking(self.yardstick, self.study.standings())


class _Search:
    """A search in its folder, while it is at work.

    Args:
        job: What is wanted.
        split: The music.
        contests: What is compared.
        deadline: When to stop, on ``time.monotonic``'s clock.
    """

    def __init__(
        self, job: SearchJob, split: Split, contests: Sequence[_Contest], deadline: float
    ) -> None:
        self._job, self._split, self._contests = job, split, contests
        self._deadline = deadline
        self._board = Board(self.rankings, job.trials)

    def rankings(self) -> list[Ranking]:
        """Returns how all trials stand."""
        return [contest.ranking() for contest in self._contests]

    def count(self, *states: str) -> int:
        """Returns how many trials are in one of these states."""
        return sum(row.state in states for each in self._contests for row in each.study.standings())

    def run(self, told: Mapping[str, Any]) -> None:
        """Tries until there are trials enough, time is up, or somebody stops it."""
        try:
            while time.monotonic() < self._deadline and (contest := self._next()) is not None:
                self._try(contest)
                write_results(self._job.output, told, self.rankings())
        finally:
            self._board.close()

    def _next(self) -> _Contest | None:
        """Returns who is to try next: first who has a trial to go on with, then turn by turn."""
        most = self._job.trials
        if self.count(FINISHED, PRUNED) >= most or self.count(FAILED) >= most:
            return None

        def turn(contest: _Contest) -> tuple[bool, float]:
            rows = contest.study.standings()
            stopped = any(row.state == STOPPED for row in rows)
            return not stopped, len(rows) / len(contest.yardstick.families)

        return min(self._contests, key=turn)

    def _try(self, contest: _Contest) -> None:
        number = 1 + max(each.study.last_number() for each in self._contests)
        attempt, study = contest.study.ask(number), contest.study
        self._board.on_trial(attempt, self.count(FINISHED, PRUNED))
        watcher = TrialWatcher(attempt, self._board, self._deadline)
        recipe = contest.recipe(attempt, attempt.number)
        folder = trial_folder(self._job.output, attempt.number)
        try:
            measured = run_trial(recipe, self._split, folder, watcher)
        except PrunedError:
            study.prune(attempt)
        except TimeIsUpError:
            study.leave()
        except MagentaBridgeError as error:
            study.fail(attempt, error.message)
        except Exception as error:  # noqa: BLE001 - what one network does, others need not
            study.fail(attempt, " ".join(f"{type(error).__name__}: {error}".split())[:300])
        else:
            study.finish(attempt, measured.value, measured.microseconds)
        forget_networks()
        self._board.on_end(next(row for row in study.standings() if row.trial == attempt.number))


def trial_folder(output: Path, number: int) -> Path:
    """Returns where a trial lives."""
    return output / "trials" / f"{number:03}"


def run_search(job: SearchJob, spaces: Spaces = space_for) -> None:
    """Searches, or goes on, and prints where the winner is.

    Args:
        job: What is wanted.
        spaces: What is searched, by family and encoding.

    Raises:
        MagentaBridgeError: Music or folder cannot be used, or no trial came to its end.
    """
    began = time.monotonic()
    if backend() != EXPORTING_BACKEND:
        raise UnsupportedError(
            "A search exports its networks, which needs TensorFlow; run it without "
            f"KERAS_BACKEND={backend()}."
        )
    for family in job.families:
        check_kind(family, job.encoding)
    with claimed(job.output):
        told = _told(job, spaces)
        check_told(job.output, told)
        split = read_music(job.data, _usual(job.families[0], job.encoding))
        told["music"] = music_digest(split)
        tell(job.output, told)
        storage = open_storage(job.output / _STUDY)
        contests = [
            _contest(each, job, split, storage, spaces)
            for each in yardsticks_of(job.families, job.encoding)
        ]
        _work(job, split, contests, told, began)


def _work(
    job: SearchJob,
    split: Split,
    contests: Sequence[_Contest],
    told: Mapping[str, Any],
    began: float,
) -> None:
    deadline = began + (job.seconds or float("inf"))
    search = _Search(job, split, contests, deadline)
    try:
        search.run(told)
    except KeyboardInterrupt:
        with contextlib.suppress(KeyboardInterrupt):
            _say_how_to_go_on(search, job)
        raise
    if search.count(FINISHED, PRUNED) < job.trials and time.monotonic() >= deadline:
        say("The time is up.")
        _say_how_to_go_on(search, job)
    rankings = [_with_winner(each, job, split, len(contests)) for each in contests]
    write_results(job.output, told, rankings)
    if not any(ranking.winner for ranking in rankings):
        raise TrainingError(_nothing_found(rankings))
    if job.as_json:
        click.echo(json.dumps(leaderboard_table(told, rankings)))
        return
    for ranking in rankings:
        _tell_winner(ranking, job)


def _say_how_to_go_on(search: _Search, job: SearchJob) -> None:
    say(
        f"{search.count(FINISHED, PRUNED)} of {job.trials} trials are done and kept in "
        f"{job.output}; the same command goes on."
    )


def _told(job: SearchJob, spaces: Spaces) -> dict[str, Any]:
    """Returns what decides a search; one goes on only where all of it is the same."""
    text = "\n".join(space_text(spaces(family, job.encoding)) for family in sorted(job.families))
    return {
        "families": sorted(job.families),
        "encoding": job.encoding,
        "epochs": job.epochs,
        "hyperparameters": hashlib.sha256(text.encode()).hexdigest(),
    }


def _usual(family: str, encoding: str) -> Recipe:
    return own_recipe(f"best_{family}", family, encoding)


def _contest(
    yardstick: Yardstick, job: SearchJob, split: Split, storage: Any, spaces: Spaces
) -> _Contest:
    recipes = {}
    for family in sorted(yardstick.families):
        recipe = fit_to_size(_usual(family, job.encoding), split)
        if job.epochs is not None:
            training = dataclasses.replace(recipe.training, epochs=job.epochs)
            recipe = dataclasses.replace(recipe, training=training)
        recipes[family] = recipe
    first = next(iter(recipes))
    space = spaces(first, job.encoding)
    epochs = recipes[first].training.epochs
    study = SearchStudy(storage, yardstick.name, list(recipes), space, epochs=epochs)
    return _Contest(yardstick, study, recipes)


def _with_winner(contest: _Contest, job: SearchJob, split: Split, contests: int) -> Ranking:
    """Returns the ranking with its winner made, or found as an earlier call made it."""
    ranking = dataclasses.replace(contest.ranking(), importance=contest.study.importance())
    if not ranking.finished:
        return ranking
    best = ranking.finished[0]
    alone = contests == 1 or contest.yardstick.name == "likelihood"
    recipe = contest.recipe(best, best.trial)
    usual = contest.recipes[best.family].bundle
    winner = make_winner(
        job.output,
        "best" if alone else f"best_{best.family}",
        dataclasses.replace(recipe, bundle=usual),
        split,
        trial=best.trial,
        folder=trial_folder(job.output, best.trial),
        data=job.data.name,
    )
    return dataclasses.replace(ranking, winner=winner)


def _nothing_found(rankings: Sequence[Ranking]) -> str:
    failed = [row for each in rankings for row in each.standings if row.state == FAILED]
    if not failed:
        return "No trial came to its end in that time; say the same command again to go on."
    return f"No trial came to its end; {len(failed)} failed, the last one: {failed[-1].reason}"


def _tell_winner(ranking: Ranking, job: SearchJob) -> None:
    if not ranking.winner:
        return
    best, won = ranking.finished[0], ranking.winner
    say(str(won["held_out"]))
    click.echo(
        f"Wrote {job.output / str(won['bundle'])}: trial {best.trial}, {best.family}, "
        f"{best.value:.4f} {ranking.yardstick.unit} on validation pieces; the leaderboard is "
        f"{job.output / 'leaderboard.md'}."
    )
