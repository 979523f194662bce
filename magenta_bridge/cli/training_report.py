"""What a finished training tells, whatever was trained."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from magenta_bridge.evaluation.card import Card
from magenta_bridge.training.checkpoint import Progress
from magenta_bridge.training.families import Split
from magenta_bridge.training.materials import material_for
from magenta_bridge.training.recipe import Recipe


@dataclass(frozen=True)
class Report:
    """What is told.

    Attributes:
        card: The model card.
        headline: The one sentence for the terminal.
        curves: What is drawn over the epochs, by name.
        baseline: A line to draw across them; None for none.
        unit: Unit of the curves.
    """

    card: Card
    headline: str
    curves: Mapping[str, Sequence[float]]
    baseline: float | None
    unit: str


def make_card(
    recipe: Recipe,
    split: Split,
    progress: Progress,
    *,
    figures: Sequence[str],
    limits: str,
    command: str,
) -> Card:
    """Returns a card with the rows that every family has; see ``Card`` for the rest."""
    return Card(
        bundle=dataclasses.asdict(recipe.bundle),
        data=_data_rows(recipe, split),
        training=_training_rows(recipe, progress),
        command=command,
        figures=figures,
        limits=limits,
    )


def _data_rows(recipe: Recipe, split: Split) -> dict[str, str]:
    material = material_for(recipe.bundle.encoding)
    counts = {
        f"{name} {material.noun}": f"{len(side):,} "
        f"({sum(len(tune.ids) for tune in side):,} {material.unit}s)"
        for name, side in vars(split).items()
    }
    return {
        "music": recipe.data.name,
        "origin": recipe.data.origin,
        "licence": recipe.data.licence,
        "SHA-256": recipe.data.sha256 or "not fixed",
        "split": "by families of pieces, so that no setting of a test piece was learned",
        **counts,
    }


def _training_rows(recipe: Recipe, progress: Progress) -> dict[str, Any]:
    table = dataclasses.asdict(recipe.training)
    return {
        **{name.replace("_", " "): value for name, value in table.items()},
        **dict(recipe.network),
        "epochs done": progress.epoch,
        "best epoch": progress.best_epoch,
        "minutes": round(sum(progress.history["seconds"]) / 60),
    }
