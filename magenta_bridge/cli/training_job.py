"""The work behind ``magenta-bridge train``: learn, export, measure, write the card."""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import click

from magenta_bridge.cli.targets import try_folder
from magenta_bridge.cli.training_bundle import write_trained_bundle
from magenta_bridge.cli.training_card import measure
from magenta_bridge.errors import InvalidArgumentError, UnsupportedError
from magenta_bridge.evaluation.card import write_card
from magenta_bridge.render.curves import draw_loss_curve
from magenta_bridge.saving import save_bytes
from magenta_bridge.training.checkpoint import Progress, Run
from magenta_bridge.training.corpus import CorpusReport
from magenta_bridge.training.families import Split
from magenta_bridge.training.progress import TerminalWatcher
from magenta_bridge.training.recipe import BundleRecipe, Recipe, read_recipe
from magenta_bridge.training.session import build, load_split, train_recipe
from magenta_bridge.training.sources import fetch_corpus

# Encodings that a model card can measure.
_MEASURED: Final = ("melody",)


@dataclass(frozen=True)
class TrainingJob:
    """One command line; see ``magenta-bridge train --help``."""

    data: Path | None
    recipe_file: Path | None
    output: Path | None
    card: Path | None
    run_folder: Path | None
    epochs: int | None


@dataclass(frozen=True)
class _Outputs:
    """The files that come out."""

    bundle: Path
    card: Path
    curve: Path


def run_training(job: TrainingJob) -> None:
    """Does the job and prints where the results are.

    Raises:
        MagentaBridgeError: Data, recipe or checkpoint cannot be used, or the output cannot be
            written; the latter is found before any work.
    """
    recipe = _recipe(job)
    if recipe.bundle.encoding not in _MEASURED or recipe.bundle.family == "gan":
        raise UnsupportedError(
            f"A {recipe.bundle.family} of {recipe.bundle.encoding} cannot be trained by this "
            f"command yet; it trains {', '.join(_MEASURED)} with lstm, gru or rnn."
        )
    outputs = _plan_outputs(job, recipe)
    report = CorpusReport()
    corpus = job.data if job.data is not None else fetch_corpus(recipe.data, _say)
    _say(f"Reading {corpus} ...")
    split = load_split(recipe, corpus, report)
    for name, reason in list(report.refused.items())[:3]:
        _say(f"  left out {name}: {reason}")
    _say(
        f"{report.read} files: {len(split.train)} melodies to learn from, "
        f"{len(split.validation)} to choose by, {len(split.test)} to report on."
    )
    run = Run(job.run_folder or Path("runs") / recipe.bundle.id)
    watcher = TerminalWatcher()
    try:
        progress = train_recipe(recipe, split, run, watcher)
    finally:
        watcher.close()
    _finish(outputs, recipe, split, run, progress)


def _plan_outputs(job: TrainingJob, recipe: Recipe) -> _Outputs:
    """Names the files and tries their folders now, since training may take hours."""
    bundle = job.output or Path(f"{recipe.bundle.id}.mag")
    card = job.card or bundle.with_suffix(".md")
    if bundle.suffix != ".mag" or bundle.is_dir():
        raise InvalidArgumentError(f"{bundle} must be a file that ends in .mag.")
    if card.is_dir() or card in (bundle, bundle.with_suffix(".png")):
        raise InvalidArgumentError(f"{card} cannot be the model card; name a .md file.")
    for folder in {bundle.parent, card.parent}:
        try_folder(folder)
    return _Outputs(bundle, card, bundle.with_suffix(".png"))


def _recipe(job: TrainingJob) -> Recipe:
    if job.recipe_file is not None:
        recipe = read_recipe(job.recipe_file)
    else:
        stem = job.output.stem if job.output is not None else "my_melody"
        name = re.sub(r"[^a-z0-9]+", "_", stem.lower()).strip("_")
        if not name:
            raise InvalidArgumentError(f"Name the bundle with letters, not {stem!r}.")
        recipe = Recipe(BundleRecipe(id=name, description="Melodies in the manner of your music."))
    if job.epochs is None:
        return recipe
    training = dataclasses.replace(recipe.training, epochs=job.epochs)
    return dataclasses.replace(recipe, training=training)


def _finish(outputs: _Outputs, recipe: Recipe, split: Split, run: Run, progress: Progress) -> None:
    """Exports, measures and writes; the bundle takes its name last, when all else is there."""
    network = build(recipe)
    network.load_weights(run.best_weights)
    unfinished = outputs.bundle.with_name(f".{outputs.bundle.name}.new")
    try:
        _say("Exporting ...")
        write_trained_bundle(unfinished, recipe, split, network)
        _say("Measuring on held-out melodies ...")
        card = measure(recipe, split, progress, network, unfinished)
        save_bytes(outputs.card, write_card(card).encode())
        curves = {name: progress.history[name] for name in ("loss", "validation_loss")}
        draw_loss_curve(curves, outputs.curve, baseline=card.best_baseline.nats_per_step)
        unfinished.replace(outputs.bundle)
    finally:
        unfinished.unlink(missing_ok=True)
    _say(
        f"Held out: {card.program.nats_per_step:.4f} nats a step, {card.gain:.1%} below the best "
        f"n-gram ({card.best_baseline.nats_per_step:.4f})."
    )
    click.echo(f"Wrote {outputs.bundle}, with its model card and learning curve beside it.")


def _say(sentence: str) -> None:
    click.echo(sentence, err=True)
