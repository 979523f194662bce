"""What a search writes: the winner as ``train`` would, speeds, leaderboard and pictures."""

from __future__ import annotations

import dataclasses
import json
import statistics
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from magenta_bridge.data.splits import Split
from magenta_bridge.evaluation.report.latency import bundle_microseconds
from magenta_bridge.files import save_text
from magenta_bridge.generators.bundle import read_bundle
from magenta_bridge.lab.model_card import finish
from magenta_bridge.lab.search.space import Objective
from magenta_bridge.lab.search.study import (
    FINISHED,
    MIN_FOR_IMPORTANCE,
    ObjectiveStudy,
    Ranking,
    TrialSummary,
)
from magenta_bridge.lab.search.trial import trial_folder
from magenta_bridge.recipe import recipe_text
from magenta_bridge.render.search import Importance, Point, Trade, draw_importance, draw_pareto
from magenta_bridge.training.checkpoint import Run
from magenta_bridge.training.fit import identity

_HEADINGS: Final = ("rank", "trial", "family", "hyperparameters", "epochs", "µs/step", "state")
_SHORT: Final = {
    "adversarial_weight": "critic weight",
    "attention_steps": "attention",
    "critic_units": "critic",
    "dropout": "dropout",
    "embedding_units": "embedding",
    "frame_units": "frame",
    "learning_rate": "rate",
    "window_steps": "window",
}
_ROUNDS: Final = 3
_SPEEDS: Final = "speeds.json"


def _read(path: Path) -> dict[str, Any]:
    """Return a JSON object; an empty one if the file is missing or damaged."""
    try:
        return dict(json.loads(path.read_bytes()))
    except (OSError, ValueError, TypeError):
        return {}


def export_winner(
    study: ObjectiveStudy,
    output: Path,
    split: Split,
    *,
    stem: str,
    data: str,
    on_message: Callable[[str], None],
) -> Ranking:
    """Return the ranking with its winner, exported here or by an earlier call.

    Here, and nowhere else in a search, the test pieces are measured.
    """
    ranking = study.ranking()
    if not ranking.finished:
        return ranking
    best = ranking.finished[0]
    files = [output / f"{stem}{suffix}" for suffix in (".mag", ".md", ".png")]
    winner: dict[str, Any] = {"trial": best.trial, "bundle": files[0].name}
    earlier = _read(output / f"{stem}.json")
    if {**earlier, **winner} == earlier and all(path.exists() for path in files):
        return dataclasses.replace(ranking, winner=earlier)
    recipe = dataclasses.replace(study.recipe(best), bundle=study.recipes[best.family].bundle)
    save_text(output / f"{stem}.toml", recipe_text(recipe))
    run = Run(trial_folder(output, best.trial))
    progress = run.load(identity(recipe, split))
    command = f"magenta-bridge train {data} --recipe {stem}.toml -o {stem}.mag"
    report = finish(
        recipe, split, run, progress, bundle=files[0], card=files[1], command=command,
        on_message=on_message,
    )  # fmt: skip
    winner["held_out"] = report.headline
    save_text(output / f"{stem}.json", json.dumps(winner))
    return dataclasses.replace(ranking, winner=winner)


def with_speeds(output: Path, rankings: Sequence[Ranking]) -> list[Ranking]:
    """Return the rankings with the speeds of all finished trials, measured in turn.

    During the search each was measured once, on a machine that may have been busy. Here it is
    the median of several rounds, measured once for the same trials.
    """
    finished = {str(row.trial): row for ranking in rankings for row in ranking.finished}
    speeds = _read(output / _SPEEDS)
    if set(speeds) != set(finished):
        bundles = {
            trial: read_bundle(trial_folder(output, row.trial) / f"{row.bundle_name}.mag")
            for trial, row in finished.items()
        }
        rounds = [
            {trial: bundle_microseconds(bundle) for trial, bundle in bundles.items()}
            for _ in range(_ROUNDS)
        ]
        speeds = {trial: statistics.median(each[trial] for each in rounds) for trial in bundles}
        save_text(output / _SPEEDS, json.dumps(speeds))

    def timed(row: TrialSummary) -> TrialSummary:
        if row.microseconds is None:
            return row
        return dataclasses.replace(row, microseconds=float(speeds[str(row.trial)]))

    return [
        dataclasses.replace(ranking, trials=list(map(timed, ranking.trials)))
        for ranking in rankings
    ]


def write_results(output: Path, manifest: Mapping[str, Any], rankings: Sequence[Ranking]) -> None:
    """Write leaderboard and pictures."""
    table = json.dumps(leaderboard_table(manifest, rankings), indent=1)
    save_text(output / "leaderboard.json", table)
    title = f"Search: {', '.join(manifest['families'])} of {manifest['encoding']}"
    save_text(output / "leaderboard.md", _leaderboard_text(title, rankings))
    trades, importances = [], []
    for each in rankings:
        families, done = ", ".join(each.objective.families), len(each.finished)
        points = [
            Point(f"trial {row.trial}", row.family, row.microseconds, row.value)
            for row in each.finished
            if row.microseconds is not None and row.value is not None
        ]
        trades.append(Trade(families, f"{each.objective.unit}, validation", points))
        note = f"Importance requires {MIN_FOR_IMPORTANCE} finished trials;\nso far: {done}."
        importances.append(
            Importance(f"{families}, finished trials: {done}", each.importance, note)
        )
    draw_pareto(trades, output / "pareto.png")
    draw_importance(importances, output / "importance.png")


def format_params(values: Mapping[str, Any]) -> str:
    """Return hyperparameters in one line: ``2x192, dropout 0.3, rate 0.002``."""
    rest = dict(values)
    units = rest.pop("units", "")
    layers = rest.pop("layers", None)
    first = f"{layers}x{units}" if layers is not None else f"units {units}"
    return ", ".join([first, *(f"{_SHORT.get(name, name)} {rest[name]:.3g}" for name in rest)])


def headings(objective: Objective) -> list[str]:
    """Return the headings of the columns of ``cells``."""
    return [*_HEADINGS[:4], objective.unit, *_HEADINGS[4:]]


def cells(place: int, row: TrialSummary) -> list[str]:
    """Return a row of the table; ``place`` counts from 1 and is shown for finished trials."""
    return [
        str(place) if row.state == FINISHED else "",
        str(row.trial),
        row.family,
        format_params(row.values),
        "" if row.value is None else f"{row.value:.4f}",
        str(row.epochs),
        "" if row.microseconds is None else f"{row.microseconds:.0f}",
        f"{row.state}: {row.reason}" if row.reason else row.state,
    ]


def leaderboard_table(manifest: Mapping[str, Any], rankings: Sequence[Ranking]) -> dict[str, Any]:
    """Return settings and rankings of a search, JSON-able."""
    return {
        **manifest,
        "rankings": [
            {
                **dataclasses.asdict(each.objective),
                "winner": dict(each.winner),
                "importance": dict(each.importance),
                "trials": [dataclasses.asdict(row) for row in each.trials],
            }
            for each in rankings
        ],
    }


def _leaderboard_text(title: str, rankings: Sequence[Ranking]) -> str:
    """Return the leaderboard in Markdown."""
    parts = [f"# {title}", ""]
    for each in rankings:
        heads, winner = headings(each.objective), each.winner
        parts += [
            f"## {', '.join(each.objective.families)}: {each.objective.unit}",
            "",
            f"{each.objective.meaning} Lower is better.",
            "",
            f"| {' | '.join(heads)} |",
            "|" + "---|" * len(heads),
            *(f"| {' | '.join(cells(place, row))} |" for place, row in enumerate(each.trials, 1)),
            "",
        ]
        if winner:
            parts += [
                f"Winner: trial {winner['trial']}, `{winner['bundle']}`. {winner['held_out']}", "",
            ]  # fmt: skip
    if len(rankings) > 1:
        parts += ["The objectives differ, so trials of different tables are not comparable.", ""]
    return "\n".join([
        *parts,
        "A finished trial is scored as it is served; any other shows the best validation loss of "
        "its epochs. `trials/` has the recipe and the bundle of each trial.",
        "",
        "![Likelihood against speed](pareto.png)",
        "",
        "![Importance of the hyperparameters](importance.png)",
        "",
    ])  # fmt: skip
