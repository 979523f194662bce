"""The work behind ``magenta-bridge train``: learn, export, measure, write the card."""

from __future__ import annotations

import dataclasses
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import click

from magenta_bridge.cli.progress.corpus_counter import count_files
from magenta_bridge.data.dataset import dataset_for
from magenta_bridge.data.fiddle_tunes import fetch_corpus
from magenta_bridge.data.splits import Split, load_split
from magenta_bridge.errors import InvalidArgumentError, TrainingError, UnsupportedError
from magenta_bridge.files import ready_folder
from magenta_bridge.generators.loading import find_bundle
from magenta_bridge.lab.families import check_kind, trainer_of
from magenta_bridge.lab.finish import Outputs, finish, say
from magenta_bridge.recipe import Recipe, read_recipe
from magenta_bridge.training.callbacks import BoardWatcher, TerminalWatcher, deferred_interrupts
from magenta_bridge.training.checkpoint import Progress, Run
from magenta_bridge.training.default_recipes import fit_to_size, go_on_from, own_recipe
from magenta_bridge.training.fit import EXPORTING_BACKEND, backend, network_config

_FAMILY: Final = "lstm"
_ENCODING: Final = "melody"


@dataclass(frozen=True)
class TrainingRequest:
    """What is to be trained.

    Attributes:
        recipe: How.
        start: Keras archive to go on from; empty for none.
        fixed: The recipe is not fitted to the amount of music.
        epochs: Most epochs, asked for on the command line; None for the recipe's.
    """

    recipe: Recipe
    start: bytes
    fixed: bool
    epochs: int | None

    def fitted(self, split: Split) -> Recipe:
        """Returns the recipe for this music."""
        recipe = self.recipe if self.fixed else fit_to_size(self.recipe, split)
        if self.epochs is None:
            return recipe
        training = dataclasses.replace(recipe.training, epochs=self.epochs)
        return dataclasses.replace(recipe, training=training)


def resolve_recipe(
    recipe_file: Path | None,
    *,
    output: Path | None,
    family: str | None,
    encoding: str | None,
    start: str | None,
    epochs: int | None,
) -> TrainingRequest:
    """Reads what a command line asks for.

    Args:
        recipe_file: A recipe, which decides all.
        output: The bundle to write, which gives its name.
        family: Family; that of ``start``, or LSTM, where it is None.
        encoding: Encoding; that of ``start``, or melody, where it is None.
        start: Bundle to go on from.
        epochs: Most epochs.

    Raises:
        MagentaBridgeError: The recipe or the bundle cannot be used.
    """
    if recipe_file is not None:
        return TrainingRequest(read_recipe(recipe_file), b"", fixed=True, epochs=epochs)
    name = _bundle_id(output.stem if output is not None else "my_melody")
    if start is None:
        recipe = own_recipe(name, family or _FAMILY, encoding or _ENCODING)
        return TrainingRequest(recipe, b"", fixed=False, epochs=epochs)
    bundle = find_bundle(start)
    held = (str(bundle.traits.get("family", "")), str(bundle.traits.get("encoding", "")))
    if (family or held[0], encoding or held[1]) != held:
        raise InvalidArgumentError(
            f"{start} is a {held[0]} of {held[1]}; to train it on, leave out --family and "
            "--encoding."
        )
    if held[0] == "gan":
        raise UnsupportedError(f"{start} is adversarial and cannot be trained on; train it anew.")
    network = network_config(bundle.network, *held)
    recipe = go_on_from(own_recipe(name, *held), network)
    return TrainingRequest(recipe, bundle.network, fixed=False, epochs=epochs)


def _bundle_id(stem: str) -> str:
    name = re.sub(r"[^a-z0-9]+", "_", stem.lower()).strip("_")
    if not name:
        raise InvalidArgumentError(f"Name the bundle with letters, not {stem!r}.")
    return name


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
    wanted = resolve_recipe(
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
        f"{report.read} files: {len(split.train)} {dataset_for(recipe.bundle.encoding).noun} to "
        f"learn from, {len(split.validation)} to choose by, {len(split.test)} to report on."
    )
    return split


def _learn(recipe: Recipe, split: Split, run: Run, wanted: TrainingRequest) -> Progress:
    terminal = TerminalWatcher()
    watcher = BoardWatcher(run.folder / "logs", terminal)
    try:
        with deferred_interrupts(watcher) as heedful:
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
