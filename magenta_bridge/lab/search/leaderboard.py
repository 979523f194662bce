"""The leaderboard of a search, for people and for machines."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from magenta_bridge.lab.search.objectives import Objective
from magenta_bridge.lab.search.study import FINISHED, TrialSummary

HEADINGS: Final = ("rank", "trial", "family", "hyperparameters", "epochs", "µs/step", "state")
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


@dataclass(frozen=True)
class Ranking:
    """The trials that one yardstick compares.

    Attributes:
        yardstick: The yardstick.
        standings: Its trials, best first.
        importance: Share of each hyperparameter; empty for too few finished trials.
        winner: Bundle, trial and held-out figure of the best, once it is made; else empty.
    """

    yardstick: Objective
    standings: Sequence[TrialSummary]
    importance: Mapping[str, float] = field(default_factory=dict)
    winner: Mapping[str, Any] = field(default_factory=dict)

    @property
    def finished(self) -> list[TrialSummary]:
        """The finished trials, best first."""
        return [each for each in self.standings if each.state == FINISHED]


def format_params(values: Mapping[str, Any]) -> str:
    """Returns hyperparameters as one reads them: ``2x192, dropout 0.3, rate 0.002``."""
    rest = dict(values)
    units = rest.pop("units", "")
    layers = rest.pop("layers", None)
    first = f"{layers}x{units}" if layers is not None else f"units {units}"
    return ", ".join([
        first,
        *(f"{_SHORT.get(name, name)} {value:.3g}" for name, value in rest.items()),
    ])  # fmt: skip


def cells(place: int, row: TrialSummary) -> list[str]:
    """Returns a row of the table, the figure of merit behind the hyperparameters.

    Args:
        place: Place among all rows, from 1; only finished trials are told theirs.
        row: The trial.
    """
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


def headings(yardstick: Objective) -> list[str]:
    """Returns the heads of the columns of ``cells``."""
    return [*HEADINGS[:4], yardstick.unit, *HEADINGS[4:]]


def leaderboard_table(told: Mapping[str, Any], rankings: Sequence[Ranking]) -> dict[str, Any]:
    """Returns everything for machines, JSON-able.

    Args:
        told: What decides the search.
        rankings: One for each yardstick.
    """
    return {
        **told,
        "rankings": [
            {
                **dataclasses.asdict(each.yardstick),
                "winner": dict(each.winner),
                "importance": dict(each.importance),
                "trials": [
                    {**dataclasses.asdict(row), "values": dict(row.values)}
                    for row in each.standings
                ],
            }
            for each in rankings
        ],
    }


def leaderboard_text(title: str, rankings: Sequence[Ranking]) -> str:
    """Returns the leaderboard in Markdown.

    Args:
        title: Its heading.
        rankings: One for each yardstick.
    """
    parts = [f"# {title}", ""]
    for each in rankings:
        parts += _section(each)
    if len(rankings) > 1:
        parts += ["The two figures measure different things; a trial of one table cannot be put "
                  "beside one of the other.", ""]  # fmt: skip
    parts += ["A finished trial is measured as it will be served; what is not finished shows the "
              "best of its epochs, measured while it trained. `trials/` holds each "
              "one's recipe, and its bundle.", "",
              "![Likelihood against speed](pareto.png)", "",
              "![Importance of the hyperparameters](importance.png)", ""]  # fmt: skip
    return "\n".join(parts)


def _section(ranking: Ranking) -> list[str]:
    yardstick = ranking.yardstick
    heads = headings(yardstick)
    lines = [
        f"## {', '.join(yardstick.families)}: {yardstick.unit}",
        "",
        f"{yardstick.meaning} Lower is better.",
        "",
        f"| {' | '.join(heads)} |",
        "|" + "---|" * len(heads),
        *(
            f"| {' | '.join(cells(place, row))} |"
            for place, row in enumerate(ranking.standings, start=1)
        ),
        "",
    ]
    if ranking.winner:
        won = ranking.winner
        lines += [f"Winner: trial {won['trial']}, `{won['bundle']}`. {won['held_out']}", ""]
    return lines
