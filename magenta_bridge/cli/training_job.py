"""The work behind ``magenta-bridge train``: learn, measure, export, write the card."""

from __future__ import annotations

import dataclasses
import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import click
import numpy as np

from magenta_bridge.cli.targets import try_folder
from magenta_bridge.encodings import melody
from magenta_bridge.errors import InvalidArgumentError
from magenta_bridge.evaluation.baseline import measure_baselines
from magenta_bridge.evaluation.card import Card, write_card
from magenta_bridge.evaluation.features import features_of, spread
from magenta_bridge.evaluation.likelihood import score_network, score_program
from magenta_bridge.evaluation.samples import draw_melodies, opening_features
from magenta_bridge.evaluation.score import Piece
from magenta_bridge.generators.bundle import write_bundle
from magenta_bridge.generators.shipped import load_generator
from magenta_bridge.render.curves import draw_loss_curve
from magenta_bridge.runtime.program import StepProgram
from magenta_bridge.training.checkpoint import Progress, Run
from magenta_bridge.training.corpus import CorpusReport
from magenta_bridge.training.export import export_program, save_network
from magenta_bridge.training.families import Split
from magenta_bridge.training.progress import TerminalWatcher
from magenta_bridge.training.recipe import BundleRecipe, Recipe, read_recipe
from magenta_bridge.training.session import build, load_split, train_recipe
from magenta_bridge.training.sources import fetch_corpus
from magenta_bridge.training.tunes import Tune

_SAMPLES: Final = 200
_PROBE_STEPS: Final = 48


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
    output = job.output or Path(f"{recipe.bundle.id}.mag")
    try_folder(output.parent)
    report = CorpusReport()
    corpus = job.data if job.data is not None else fetch_corpus(recipe.data, _say)
    _say(f"Reading {corpus} ...")
    split = load_split(recipe, corpus, report)
    for name, reason in list((report.refused or {}).items())[:3]:
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
    outputs = _Outputs(output, job.card or output.with_suffix(".md"), output.with_suffix(".png"))
    _finish(outputs, recipe, split, run, progress)


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
    """Measures, exports and writes; the bundle comes last, when all else is there."""
    network = build(recipe)
    network.load_weights(run.best_weights)
    _say("Exporting ...")
    program = export_program(
        network, _description(recipe, split), int8=True, probe=_probe(split.test)
    )
    partial = outputs.bundle.with_name(f".{outputs.bundle.name}.new")
    with tempfile.TemporaryDirectory() as folder:
        archive = Path(folder) / "network.keras"
        save_network(network, archive)
        _write(partial, recipe, split, program, archive.read_bytes())
    try:
        _say("Measuring on held-out melodies ...")
        card = _measure(recipe, split, progress, _Trained(network, program, partial))
        outputs.card.write_text(write_card(card), encoding="utf-8")
        curves = {name: progress.history[name] for name in ("loss", "validation_loss")}
        draw_loss_curve(
            curves,
            outputs.curve,
            baseline=card.best_baseline.nats_per_step,
        )
        partial.replace(outputs.bundle)
    finally:
        partial.unlink(missing_ok=True)
    _say(
        f"Held out: {card.program.nats_per_step:.4f} nats a step, {card.gain:.1%} below the best "
        f"n-gram ({card.best_baseline.nats_per_step:.4f})."
    )
    click.echo(f"Wrote {outputs.bundle}, with its model card and learning curve beside it.")


@dataclass(frozen=True)
class _Trained:
    """What training has led to."""

    network: Any
    program: bytes
    bundle: Path


def _measure(recipe: Recipe, split: Split, progress: Progress, trained: _Trained) -> Card:
    train, valid, test = (_pieces(side) for side in (split.train, split.validation, split.test))
    drawn = draw_melodies(
        load_generator(trained.bundle), [tune.meter for tune in split.test], _SAMPLES
    )
    return Card(
        bundle=dataclasses.asdict(recipe.bundle),
        data=_data_rows(recipe, split),
        training=_training_rows(recipe, progress),
        baselines=measure_baselines(train, valid, test),
        network=score_network(trained.network, test),
        program=score_program(StepProgram(trained.program), test),
        human=spread(opening_features(test) or [features_of(p[1:], 16) for p in test]),
        machine=spread([features_of(ids, bar) for ids, bar in drawn]),
        samples=_SAMPLES,
        command=f"magenta-bridge train --recipe {recipe.bundle.id}.toml -o {recipe.bundle.id}.mag",
    )


def _write(path: Path, recipe: Recipe, split: Split, program: bytes, network: bytes) -> None:
    write_bundle(
        path,
        generator_id=recipe.bundle.id,
        description=recipe.bundle.description,
        details=f"Trained on {len(split.train)} melodies: {recipe.data.name}. "
        f"Licence of the music: {recipe.data.licence}.",
        program=program,
        network=network,
    )


def _pieces(tunes: Sequence[Tune]) -> list[Piece]:
    return [
        np.concatenate([[melody.start_id(tune.meter)], tune.ids]).astype(np.int32) for tune in tunes
    ]


def _probe(tunes: Sequence[Tune]) -> list[int]:
    return [int(value) for value in _pieces(tunes[:1])[0][:_PROBE_STEPS]]


def _description(recipe: Recipe, split: Split) -> dict[str, Any]:
    pitches = np.concatenate([tune.pitches for tune in split.train])
    low, high = recipe.training.transpose
    return {
        "format": 1,
        "family": recipe.bundle.family,
        "encoding": recipe.bundle.encoding,
        "capabilities": ["GENERATE", "CONTINUE"],
        "steps_per_quarter": melody.STEPS_PER_QUARTER,
        "meters": [list(meter) for meter in melody.METERS],
        # The lowest and highest half percent are ornaments and errors, not a range to play in.
        "pitch_range": [
            int(np.percentile(pitches, 0.5)) + low,
            int(np.percentile(pitches, 99.5)) + high,
        ],
    }


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


def _say(sentence: str) -> None:
    click.echo(sentence, err=True)
