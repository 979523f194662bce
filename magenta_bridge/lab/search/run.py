"""The work behind ``magenta-bridge search``: ask, train, tell, and keep the best."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import click

from magenta_bridge.data.splits import Split
from magenta_bridge.errors import NotFoundError, TrainingError, UnsupportedError
from magenta_bridge.lab.families import check_kind
from magenta_bridge.lab.finish import say
from magenta_bridge.lab.search.folder import (
    HYPERPARAMETERS,
    check_told,
    exclusive_lock,
    music_digest,
    tell,
)
from magenta_bridge.lab.search.latency import with_speeds
from magenta_bridge.lab.search.leaderboard import Ranking, leaderboard_table
from magenta_bridge.lab.search.objective_study import (
    ObjectiveStudy,
    Spaces,
    open_contests,
    trial_folder,
    usual_recipe,
)
from magenta_bridge.lab.search.results import make_winner, write_results
from magenta_bridge.lab.search.scheduler import SearchRunner
from magenta_bridge.lab.search.space import space_for
from magenta_bridge.lab.search.study import FAILED, space_text
from magenta_bridge.lab.train import read_music
from magenta_bridge.training.fit import EXPORTING_BACKEND, backend

_STUDY: Final = "study.db"


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
    if not job.data.exists():  # before a folder is made for nothing
        raise NotFoundError(f"There is no folder or archive {job.data}; name one with music.")
    # TensorFlow warns of each new network that it has seen others.
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    with exclusive_lock(job.output):
        told = _told(job, spaces)
        check_told(job.output, told)
        split = read_music(job.data, usual_recipe(job.families[0], job.encoding))
        told["music"] = music_digest(split)
        tell(job.output, told)
        contests = open_contests(
            job.output / _STUDY,
            job.families,
            job.encoding,
            split,
            epochs=job.epochs,
            spaces=spaces,
        )
        deadline = began + (job.seconds or float("inf"))
        rounds = SearchRunner(job.output, split, contests, trials=job.trials, deadline=deadline)
        _try_all(rounds, job, told)
        _keep_the_best(contests, job, split, told)


def _try_all(rounds: SearchRunner, job: SearchJob, told: Mapping[str, Any]) -> None:
    try:
        rounds.run(lambda rankings: write_results(job.output, told, rankings))
    except KeyboardInterrupt:
        _say_how_to_go_on(rounds, job)
        raise
    if rounds.late and rounds.done < job.trials:
        say("The time is up.")
        _say_how_to_go_on(rounds, job)


def _say_how_to_go_on(rounds: SearchRunner, job: SearchJob) -> None:
    say(
        f"{rounds.done} of {job.trials} trials are done and kept in {job.output}; the same "
        "command goes on."
    )


def _keep_the_best(
    contests: Sequence[ObjectiveStudy], job: SearchJob, split: Split, told: Mapping[str, Any]
) -> None:
    winners = [_with_winner(each, job, split, len(contests)) for each in contests]
    rankings = with_speeds(job.output, winners)
    write_results(job.output, told, rankings)
    if not any(ranking.winner for ranking in rankings):
        raise TrainingError(_nothing_found(rankings))
    if job.as_json:
        click.echo(json.dumps(leaderboard_table(told, rankings)))
        return
    for ranking in rankings:
        _tell_winner(ranking, job)


def _told(job: SearchJob, spaces: Spaces) -> dict[str, Any]:
    """Returns what decides a search; one goes on only where all of it is the same."""
    text = "\n".join(space_text(spaces(family, job.encoding)) for family in job.families)
    return {
        "families": list(job.families),
        "encoding": job.encoding,
        "epochs": job.epochs,
        HYPERPARAMETERS: hashlib.sha256(text.encode()).hexdigest(),
    }


def _with_winner(contest: ObjectiveStudy, job: SearchJob, split: Split, contests: int) -> Ranking:
    """Returns the ranking with its winner made, or found as an earlier call made it."""
    ranking = contest.ranking()
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
