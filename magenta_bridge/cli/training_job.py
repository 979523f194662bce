"""The work behind ``magenta-bridge train``: learn, export, measure, write the card."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import click

from magenta_bridge.cli import adversarial_training, step_training
from magenta_bridge.cli.reading import count_files
from magenta_bridge.cli.targets import ready_folder
from magenta_bridge.cli.training_recipe import Wanted, wanted_recipe
from magenta_bridge.cli.training_report import Report
from magenta_bridge.errors import InvalidArgumentError, NotFoundError, TrainingError
from magenta_bridge.evaluation.card import write_card
from magenta_bridge.models.registry import network_kinds
from magenta_bridge.render.curves import draw_loss_curve
from magenta_bridge.saving import save_bytes
from magenta_bridge.training.boards import BoardWatcher
from magenta_bridge.training.checkpoint import Progress, Run
from magenta_bridge.training.families import Split
from magenta_bridge.training.loop import Watcher
from magenta_bridge.training.materials import material_for
from magenta_bridge.training.progress import TerminalWatcher
from magenta_bridge.training.recipe import Recipe
from magenta_bridge.training.session import EXPORTING_BACKEND, backend
from magenta_bridge.training.sources import fetch_corpus
from magenta_bridge.training.splitting import load_split


@dataclass(frozen=True)
class TrainingJob:
    """One command line; see ``magenta-bridge train --help``."""

    data: Path | None
    family: str | None
    encoding: str | None
    start: str | None
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
    wanted = wanted_recipe(
        job.recipe_file,
        output=job.output,
        family=job.family,
        encoding=job.encoding,
        start=job.start,
        epochs=job.epochs,
    )
    _check_kind(wanted.recipe)
    outputs = _plan_outputs(job, wanted.recipe)
    split = _read_music(job, wanted.recipe)
    recipe = wanted.fitted(split)
    run = Run(job.run_folder or Path("runs") / recipe.bundle.id)
    progress = _learn(recipe, split, run, wanted)
    if backend() == EXPORTING_BACKEND:
        command = _command(job, outputs.bundle)
        _finish(outputs, recipe, split, run, progress, command=command)
    else:
        _finish_elsewhere()


class _Trainer(Protocol):
    """How one kind of family is trained; see ``step_training``."""

    def learn(
        self, recipe: Recipe, split: Split, run: Run, watcher: Watcher, start: bytes
    ) -> Progress:
        """Trains, or goes on."""

    def trained(self, recipe: Recipe, run: Run) -> Any:  # noqa: ANN401 - Keras has no types
        """Returns the network with the best weights of a run."""

    def write(self, path: Path, recipe: Recipe, split: Split, network: Any) -> None:  # noqa: ANN401
        """Exports the network and writes its bundle."""

    def measure(
        self,
        recipe: Recipe,
        split: Split,
        progress: Progress,
        network: Any,  # noqa: ANN401
        *,
        bundle: Path,
        command: str,
    ) -> Report:
        """Measures the bundle on held-out music."""


def _trainer(recipe: Recipe) -> _Trainer:
    return adversarial_training if recipe.bundle.family == "gan" else step_training


def _check_kind(recipe: Recipe) -> None:
    kind = (recipe.bundle.family, recipe.bundle.encoding)
    kinds = (*network_kinds(), *adversarial_training.KINDS)
    if kind not in kinds:
        known = ", ".join(f"{family} of {encoding}" for family, encoding in sorted(kinds))
        raise NotFoundError(f"There is no {kind[0]} of {kind[1]} to train; there is {known}.")


def _read_music(job: TrainingJob, recipe: Recipe) -> Split:
    corpus = job.data if job.data is not None else fetch_corpus(recipe.data, _say)
    _say(f"Reading {corpus} ...")
    with count_files() as report:
        split = load_split(recipe, corpus, report)
    for name, reason in list(report.refused.items())[:3]:
        _say(f"  left out {name}: {reason}")
    _say(
        f"{report.read} files: {len(split.train)} {material_for(recipe.bundle.encoding).noun} to "
        f"learn from, {len(split.validation)} to choose by, {len(split.test)} to report on."
    )
    return split


def _learn(recipe: Recipe, split: Split, run: Run, wanted: Wanted) -> Progress:
    terminal = TerminalWatcher()
    watcher = BoardWatcher(run.folder / "logs", terminal)
    try:
        return _trainer(recipe).learn(recipe, split, run, watcher, wanted.start)
    finally:
        terminal.close()


def _plan_outputs(job: TrainingJob, recipe: Recipe) -> _Outputs:
    """Names the files and tries their folders now, since training may take hours."""
    bundle = job.output or Path(f"{recipe.bundle.id}.mag")
    card = job.card or bundle.with_suffix(".md")
    if bundle.suffix != ".mag" or bundle.is_dir():
        raise InvalidArgumentError(f"{bundle} must be a file that ends in .mag.")
    if card.is_dir() or card in (bundle, bundle.with_suffix(".png")):
        raise InvalidArgumentError(f"{card} cannot be the model card; name a .md file.")
    for folder in {bundle.parent, card.parent}:
        ready_folder(folder)
    return _Outputs(bundle, card, bundle.with_suffix(".png"))


def _command(job: TrainingJob, bundle: Path) -> str:
    """Returns the command line as anyone would say it, without the folders of this one."""
    words = ["magenta-bridge", "train"]
    if job.data is not None:
        words.append(job.data.name)
    for name in ("family", "encoding", "epochs"):
        if getattr(job, name) is not None:
            words += [f"--{name}", str(getattr(job, name))]
    if job.start is not None:
        words += ["--from", Path(job.start).name]
    if job.recipe_file is not None:
        words += ["--recipe", job.recipe_file.name]
    return " ".join([*words, "-o", bundle.name])


def _finish(
    outputs: _Outputs,
    recipe: Recipe,
    split: Split,
    run: Run,
    progress: Progress,
    *,
    command: str,
) -> None:
    """Exports, measures and writes; the bundle takes its name last, when all else is there."""
    trainer = _trainer(recipe)
    network = trainer.trained(recipe, run)
    unfinished = outputs.bundle.with_name(f".{outputs.bundle.name}.new")
    try:
        _say("Exporting ...")
        trainer.write(unfinished, recipe, split, network)
        _say(f"Measuring on held-out {material_for(recipe.bundle.encoding).noun} ...")
        report = trainer.measure(
            recipe, split, progress, network, bundle=unfinished, command=command
        )
        save_bytes(outputs.card, write_card(report.card).encode())
        draw_loss_curve(report.curves, outputs.curve, baseline=report.baseline, unit=report.unit)
        unfinished.replace(outputs.bundle)
    finally:
        unfinished.unlink(missing_ok=True)
    _say(report.headline)
    click.echo(f"Wrote {outputs.bundle}, with its model card and learning curve beside it.")


def _finish_elsewhere() -> None:
    """Says the same command again on the exporting backend; it finds the run finished."""
    program = "from magenta_bridge.cli.main import main; main()"
    environment = {**os.environ, "KERAS_BACKEND": EXPORTING_BACKEND}
    done = subprocess.run(  # noqa: S603 - this program again, with the words it was called with
        [sys.executable, "-c", program, *sys.argv[1:]], env=environment, check=False
    )
    if done.returncode:
        raise TrainingError(
            "The network is trained, but making the bundle failed; say the same command again "
            f"with KERAS_BACKEND={EXPORTING_BACKEND}."
        )


def _say(sentence: str) -> None:
    click.echo(sentence, err=True)
