"""Measures a trained bundle on held-out tunes and fills its model card."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from magenta_bridge.encodings import melody
from magenta_bridge.evaluation.baseline import measure_baselines
from magenta_bridge.evaluation.card import Card
from magenta_bridge.evaluation.continuations import measure_copying
from magenta_bridge.evaluation.features import features_of, spread
from magenta_bridge.evaluation.likelihood import score_network, score_program
from magenta_bridge.evaluation.samples import draw_melodies, opening_features
from magenta_bridge.evaluation.score import Piece
from magenta_bridge.generators.bundle import read_bundle
from magenta_bridge.generators.generator import SequenceGenerator
from magenta_bridge.generators.shipped import load_generator
from magenta_bridge.training.checkpoint import Progress
from magenta_bridge.training.families import Split
from magenta_bridge.training.recipe import Recipe
from magenta_bridge.training.tunes import Tune

_SAMPLES: Final = 200
_SETTINGS: Final = ("temperature", "top_p", "top_k")


def measure(
    recipe: Recipe,
    split: Split,
    progress: Progress,
    network: Any,  # noqa: ANN401 - Keras is not imported here
    bundle: Path,
) -> Card:
    """Scores network, served program and n-grams on the test tunes, and draws samples.

    Args:
        recipe: What was trained.
        split: The music; only its test side is reported on.
        progress: How training went.
        network: The trained network, in float32.
        bundle: The bundle made of it.
    """
    train, valid, test = (_pieces(side) for side in (split.train, split.validation, split.test))
    generator = load_generator(bundle)
    drawn = draw_melodies(generator, [tune.meter for tune in split.test], _SAMPLES)
    return Card(
        bundle=dataclasses.asdict(recipe.bundle),
        data=_data_rows(recipe, split),
        training=_training_rows(recipe, progress),
        baselines=measure_baselines(train, valid, test),
        network=score_network(network, test),
        program=score_program(read_bundle(bundle).program, test),
        human=spread(opening_features(test) or [features_of(p[1:], 16) for p in test]),
        machine=spread([features_of(ids, bar) for ids, bar in drawn]),
        copying=measure_copying(generator, test),
        samples=_SAMPLES,
        settings=_settings(generator),
        command=f"magenta-bridge train --recipe {recipe.bundle.id}.toml -o {recipe.bundle.id}.mag",
    )


def _pieces(tunes: Sequence[Tune]) -> list[Piece]:
    return [
        np.concatenate([[melody.start_id(tune.meter)], tune.ids]).astype(np.int32) for tune in tunes
    ]


def _settings(generator: SequenceGenerator) -> str:
    defaults = {row.name: row.default for row in generator.info.arguments}
    return ", ".join(f"{name} {defaults[name]:g}" for name in _SETTINGS)


def _data_rows(recipe: Recipe, split: Split) -> dict[str, str]:
    sides = {"train": split.train, "validation": split.validation, "test": split.test}
    counts = {
        f"{name} melodies": f"{len(side):,} ({sum(len(t.ids) for t in side):,} steps)"
        for name, side in sides.items()
    }
    return {
        "music": recipe.data.name,
        "origin": recipe.data.origin,
        "licence": recipe.data.licence,
        "SHA-256": recipe.data.sha256 or "not fixed",
        "split": "by tune family, so that no setting of a test tune was learned",
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
