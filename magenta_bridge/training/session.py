"""From a recipe and a corpus to trained weights."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import keras

from magenta_bridge.errors import TrainingError
from magenta_bridge.models.registry import build_network
from magenta_bridge.training.checkpoint import Progress, Run
from magenta_bridge.training.corpus import CorpusReport, check_corpus, read_corpus
from magenta_bridge.training.families import Split, split_by_family
from magenta_bridge.training.loop import TrainingSet, Watcher, train
from magenta_bridge.training.materials import material_for
from magenta_bridge.training.recipe import Recipe, as_table
from magenta_bridge.training.tunes import Tune
from magenta_bridge.training.windows import WindowSampler

FEWEST_TUNES = 12


def load_split(recipe: Recipe, corpus: Path, report: CorpusReport | None = None) -> Split:
    """Reads a corpus and deals its tunes to training, validation and test.

    Args:
        recipe: Its ``data`` part names checksum and shares.
        corpus: Folder or archive.
        report: Filled with what was read and refused.

    Raises:
        FileFormatError: It is not the recipe's music, or the archive is damaged.
        NotFoundError: There is nothing at ``corpus``.
        TrainingError: There is too little music to learn from.
    """
    if recipe.data.sha256:
        check_corpus(corpus, recipe.data.sha256)
    kept = report if report is not None else CorpusReport()
    material = material_for(recipe.bundle.encoding)
    tunes = material.tunes_of(read_corpus(corpus, kept))
    split = split_by_family(
        tunes,
        validation_share=recipe.data.validation_share,
        test_share=recipe.data.test_share,
        seed=recipe.training.seed,
    )
    if len(tunes) < FEWEST_TUNES or not all((split.train, split.validation, split.test)):
        raise TrainingError(
            f"{corpus} holds {len(tunes)} {material.noun} to learn from (from {kept.read} files, "
            f"{len(kept.refused)} unreadable); at least {FEWEST_TUNES} different ones are needed, "
            "and a few hundred for good results. Add more music."
        )
    return split


def build(recipe: Recipe) -> keras.Model:
    """Makes the recipe's network, untrained."""
    return build_network(recipe.bundle.family, recipe.bundle.encoding, recipe.network)


def identity(recipe: Recipe, split: Split) -> dict[str, Any]:
    """Returns what decides the weights: a run goes on only where all of it is the same.

    The music counts as it was prepared. A file more deals the tunes anew, and a run that went on
    would be judged on tunes that it has learned.
    """
    table = as_table(recipe)
    return {
        "family": recipe.bundle.family,
        "encoding": recipe.bundle.encoding,
        "music": {name: _digest(side) for name, side in vars(split).items()},
        "network": table["network"],
        "training": table["training"],
    }


def _digest(tunes: list[Tune]) -> str:
    whole = hashlib.sha256()
    for tune in tunes:
        whole.update(f"{tune.name}\0{tune.meter}\0".encode() + tune.ids.tobytes())
    return whole.hexdigest()


def train_recipe(recipe: Recipe, split: Split, run: Run, watcher: Watcher) -> Progress:
    """Trains the recipe's network, or goes on where the run was cut.

    Args:
        recipe: What to train and how.
        split: The music.
        run: Where checkpoints live.
        watcher: Told of progress.

    Returns:
        The finished progress.

    Raises:
        TrainingError: The run belongs to another recipe or other music, or a checkpoint is
            damaged.
    """
    progress = run.load(identity(recipe, split))
    keras.utils.set_random_seed(recipe.training.seed)
    build(recipe)  # a saved network can be loaded only after its class has been imported
    data = TrainingSet(
        train=_sampler(recipe, split.train, recipe.training.transpose),
        validation=_sampler(recipe, split.validation, (0, 0)),
    )
    return train(
        lambda: build(recipe), data, recipe.training, run=run, progress=progress, watcher=watcher
    )


def _sampler(recipe: Recipe, tunes: list[Tune], transpose: tuple[int, int]) -> WindowSampler:
    return WindowSampler(
        tunes,
        material_for(recipe.bundle.encoding),
        window_steps=recipe.training.window_steps,
        batch=recipe.training.batch,
        transpose=transpose,
        seed=recipe.training.seed,
    )
