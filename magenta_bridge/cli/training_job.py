"""The work behind ``magenta-bridge train``: learn, export, measure, write the card."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import click

from magenta_bridge.cli.finishing import Outputs, finish, say
from magenta_bridge.cli.interrupts import heeding_interrupts
from magenta_bridge.cli.reading import count_files
from magenta_bridge.cli.targets import ready_folder
from magenta_bridge.cli.trainers import check_kind, trainer_of
from magenta_bridge.cli.training_recipe import Wanted, wanted_recipe
from magenta_bridge.errors import InvalidArgumentError, TrainingError
from magenta_bridge.training.boards import BoardWatcher
from magenta_bridge.training.checkpoint import Progress, Run
from magenta_bridge.training.families import Split
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
    check_kind(wanted.recipe.bundle.family, wanted.recipe.bundle.encoding)
    outputs = _plan_outputs(job, wanted.recipe)
    corpus = job.data if job.data is not None else fetch_corpus(wanted.recipe.data, say)
    split = read_music(corpus, wanted.recipe)
    recipe = wanted.fitted(split)
    run = Run(job.run_folder or Path("runs") / recipe.bundle.id)
    progress = _learn(recipe, split, run, wanted)
    if backend() == EXPORTING_BACKEND:
        command = _command(job, outputs.bundle)
        say(finish(outputs, recipe, split, run, progress, command=command))
        click.echo(f"Wrote {outputs.bundle}, with its model card and learning curve beside it.")
    else:
        _finish_elsewhere()


def read_music(corpus: Path, recipe: Recipe) -> Split:
    """Reads a corpus as a recipe wants it, and tells what was found; see ``load_split``."""
    say(f"Reading {corpus} ...")
    with count_files() as report:
        split = load_split(recipe, corpus, report)
    for name, reason in list(report.refused.items())[:3]:
        say(f"  left out {name}: {reason}")
    say(
        f"{report.read} files: {len(split.train)} {material_for(recipe.bundle.encoding).noun} to "
        f"learn from, {len(split.validation)} to choose by, {len(split.test)} to report on."
    )
    return split


def _learn(recipe: Recipe, split: Split, run: Run, wanted: Wanted) -> Progress:
    terminal = TerminalWatcher()
    watcher = BoardWatcher(run.folder / "logs", terminal)
    try:
        with heeding_interrupts(watcher) as heedful:
            return trainer_of(recipe).learn(recipe, split, run, heedful, wanted.start)
    finally:
        terminal.close()


def _plan_outputs(job: TrainingJob, recipe: Recipe) -> Outputs:
    """Names the files and tries their folders now, since training may take hours."""
    bundle = job.output or Path(f"{recipe.bundle.id}.mag")
    card = job.card or bundle.with_suffix(".md")
    if bundle.suffix != ".mag" or bundle.is_dir():
        raise InvalidArgumentError(f"{bundle} must be a file that ends in .mag.")
    if card.is_dir() or card in (bundle, bundle.with_suffix(".png")):
        raise InvalidArgumentError(f"{card} cannot be the model card; name a .md file.")
    for folder in {bundle.parent, card.parent}:
        ready_folder(folder)
    return Outputs(bundle, card, bundle.with_suffix(".png"))


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
