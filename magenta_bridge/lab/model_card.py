"""Samples of a bundle beside held-out music, as every card shows them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from magenta_bridge.data.dataset import dataset_for
from magenta_bridge.data.splits import Split
from magenta_bridge.evaluation.features.registry import idiom_of
from magenta_bridge.evaluation.features.statistics import spread
from magenta_bridge.evaluation.likelihood import Piece
from magenta_bridge.evaluation.model_card import Card, Music
from magenta_bridge.generators.generator import SequenceGenerator
from magenta_bridge.recipe import Recipe
from magenta_bridge.training.checkpoint import Progress


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
    dataset = dataset_for(recipe.bundle.encoding)
    counts = {
        f"{name} {dataset.noun}": f"{len(side):,} "
        f"({sum(len(tune.ids) for tune in side):,} {dataset.unit}s)"
        for name, side in vars(split).items()
    }
    return {
        "music": recipe.data.name,
        "origin": recipe.data.origin,
        "license": recipe.data.license,
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


SAMPLES: Final = 200
_SETTINGS: Final = ("temperature", "top_p", "top_k")


def evaluate_samples(generator: SequenceGenerator, test: Sequence[Piece], encoding: str) -> Music:
    """Draws samples, and puts their features beside those of held-out pieces."""
    idiom = idiom_of(encoding)
    return Music(
        idiom=idiom,
        human=spread(idiom.openings(test)),
        machine=spread(idiom.samples(generator, test, SAMPLES)),
        copying=idiom.copying(generator, test),
        samples=SAMPLES,
        settings=settings_of(generator),
    )


def settings_of(generator: SequenceGenerator) -> str:
    """Returns the defaults that samples are drawn at, in words."""
    defaults = {row.name: row.default for row in generator.info.arguments}
    return ", ".join(f"{name} {defaults[name]:g}" for name in _SETTINGS if name in defaults)
