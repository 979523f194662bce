"""What a search leaves: the winner as ``train`` would make it, leaderboard and pictures."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from magenta_bridge.data.splits import Split
from magenta_bridge.files import save_bytes
from magenta_bridge.lab.finish import Outputs, finish
from magenta_bridge.lab.search.leaderboard import Ranking, leaderboard_table, leaderboard_text
from magenta_bridge.lab.search.study import FEWEST_FOR_IMPORTANCE
from magenta_bridge.recipe import Recipe, recipe_text
from magenta_bridge.render.importance import Importance, draw_importance
from magenta_bridge.render.pareto import Point, Trade, draw_pareto
from magenta_bridge.training.checkpoint import Run
from magenta_bridge.training.fit import identity

_TABLE: Final = "leaderboard.json"


def make_winner(
    output: Path,
    stem: str,
    recipe: Recipe,
    split: Split,
    *,
    trial: int,
    folder: Path,
    data: str,
) -> dict[str, Any]:
    """Makes the winner's bundle, card, curve and recipe, unless an earlier call made the same.

    Here, and nowhere else in a search, the test pieces are measured.

    Args:
        output: The folder of the search.
        stem: What the files are called.
        recipe: The winner's.
        split: The music.
        trial: Number of the trial.
        folder: Its folder.
        data: Name of the music's folder, for the card.

    Returns:
        ``trial``, ``bundle`` and ``held_out``, what was found on the test pieces.
    """
    outputs = Outputs(*(output / f"{stem}{suffix}" for suffix in (".mag", ".md", ".png")))
    wanted = {"trial": trial, "bundle": outputs.bundle.name}
    known = output / f"{stem}.json"
    earlier = _read(known)
    if {**earlier, **wanted} == earlier and all(path.exists() for path in vars(outputs).values()):
        return earlier
    save_bytes(output / f"{stem}.toml", recipe_text(recipe).encode())
    run = Run(folder)
    progress = run.load(identity(recipe, split))
    command = f"magenta-bridge train {data} --recipe {stem}.toml -o {stem}.mag"
    held_out = finish(outputs, recipe, split, run, progress, command=command)
    winner = {**wanted, "held_out": held_out}
    save_bytes(known, json.dumps(winner).encode())
    return winner


def _read(path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(path.read_bytes()))
    except (OSError, ValueError, TypeError):  # then it is made anew
        return {}


def write_results(output: Path, told: Mapping[str, Any], rankings: Sequence[Ranking]) -> None:
    """Writes leaderboard and pictures.

    Args:
        output: The folder of the search.
        told: What decides the search.
        rankings: One for each yardstick.
    """
    table = json.dumps(leaderboard_table(told, rankings), indent=1)
    save_bytes(output / _TABLE, table.encode())
    title = f"Search: {', '.join(told['families'])} of {told['encoding']}"
    save_bytes(output / "leaderboard.md", leaderboard_text(title, rankings).encode())
    draw_pareto([_trade(each) for each in rankings], output / "pareto.png")
    draw_importance([_importance(each) for each in rankings], output / "importance.png")


def _trade(ranking: Ranking) -> Trade:
    points = [
        Point(f"trial {row.trial}", row.family, row.microseconds, row.value)
        for row in ranking.finished
        if row.microseconds is not None and row.value is not None
    ]
    return Trade(_title(ranking), f"{ranking.yardstick.unit}, validation", points)


def _importance(ranking: Ranking) -> Importance:
    done = len(ranking.finished)
    note = (
        f"Which hyperparameter matters takes {FEWEST_FOR_IMPORTANCE} finished trials to tell;\n"
        f"so far: {done}."
    )
    title = f"{_title(ranking)}, finished trials: {done}"
    return Importance(title, ranking.importance, note)


def _title(ranking: Ranking) -> str:
    return ", ".join(ranking.yardstick.families)
