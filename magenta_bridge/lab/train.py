"""Train a model on music files, and export it to a bundle."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from magenta_bridge.data.dataset import dataset_for
from magenta_bridge.data.fiddle_tunes import fetch_corpus
from magenta_bridge.data.splits import Split, load_split
from magenta_bridge.errors import (
    InvalidArgumentError,
    MagentaBridgeError,
    TrainingError,
    UnsupportedError,
)
from magenta_bridge.evaluation.model_card import is_card
from magenta_bridge.files import ready_folder
from magenta_bridge.generators.bundle import read_bundle
from magenta_bridge.generators.loading import find_bundle
from magenta_bridge.lab import Callbacks, FileCounter, ignore, load_packages, never
from magenta_bridge.recipe import Recipe, read_recipe
from magenta_bridge.render.charts import is_chart

if TYPE_CHECKING:
    from magenta_bridge.training.checkpoint import Progress

_FAMILY: Final = "lstm"
_ENCODING: Final = "melody"
_EXPORT_PROGRAM: Final = """
import json, sys
from magenta_bridge.lab.train import train
run = train(**json.load(sys.stdin))
print(json.dumps({"nll": run.nll, "headline": run.headline}))
"""


@dataclass(frozen=True)
class TrainingRun:
    """Result of ``train``.

    Attributes:
        bundle: The ``.mag`` file; exists unless the run was stopped.
        card: The model card, Markdown; the learning curve (.png) is beside the bundle.
        folder: Checkpoints and TensorBoard logs; the same call resumes from them.
        epochs: Finished epochs.
        best_epoch: Epoch whose weights are in the bundle, counted from 1; 0 for none.
        stopped: Whether ``stop`` ended the run early.
        nll: Negative log-likelihood of held-out pieces, nats per step; None if stopped.
        headline: Held-out scores in one sentence; empty if stopped.
        history: Values per epoch, by name: ``loss``, ``validation_loss``, ``seconds``, ...
    """

    bundle: Path
    card: Path
    folder: Path
    epochs: int
    best_epoch: int
    stopped: bool
    nll: float | None = None
    headline: str = ""
    history: Mapping[str, list[float]] = field(default_factory=dict, repr=False)

    def __str__(self) -> str:
        if self.stopped:
            return f"Stopped after {self.epochs} epochs; the same call resumes in {self.folder}."
        return f"{self.bundle}: best epoch {self.best_epoch} of {self.epochs}. {self.headline}"


def train(
    data: str | Path | None = None,
    *,
    family: str | None = None,
    encoding: str | None = None,
    start: str | Path | None = None,
    recipe: str | Path | None = None,
    output: str | Path | None = None,
    card: str | Path | None = None,
    run_folder: str | Path | None = None,
    bundle_id: str | None = None,
    description: str | None = None,
    epochs: int | None = None,
    on_file: Callable[[int], None] = ignore,
    on_batch: Callable[[int, int, int, int, float], None] = ignore,
    on_epoch: Callable[[Progress], None] = ignore,
    on_message: Callable[[str], None] = ignore,
    stop: Callable[[], bool] = never,
) -> TrainingRun:
    """Train a network, or resume an interrupted run, and write bundle, model card and curve.

    An interrupt, or an exception raised by a callback, costs at most the current epoch: the same
    call resumes after the last finished one. Works in any thread.

    Args:
        data: Folder or archive of MIDI or MusicXML files; None for the recipe's own data.
        family: ``lstm``, ``gru``, ``rnn`` or ``gan``; by default that of ``start``, or ``lstm``.
        encoding: ``melody``, ``drums``, ``groove``, ``polyphony``, ``performance``, or ``duo``; by
            default that of ``start``, or ``melody``.
        start: Bundle to fine-tune: a file, or the name of a shipped one.
        recipe: Recipe in TOML, in place of family, encoding and start.
        output: The ``.mag`` file; by default the recipe's id, or ``my_melody.mag``.
        card: The model card; by default ``output`` with the suffix ``.md``.
        run_folder: Folder for checkpoints and logs; by default ``runs/`` and the bundle's id.
        bundle_id: Id of the generator; by default the recipe's, or the name of ``output``.
        description: One sentence for a musician; by default the recipe's, or one of the music.
        epochs: Maximum number of passes over the music; by default the recipe's.
        on_file: Called with the number of files read so far.
        on_batch: Called with epoch and batch, batches per epoch, steps per batch, mean loss.
        on_epoch: Called with the progress after each epoch.
        on_message: Called with a sentence before each stage.
        stop: Checked after each batch; True stops training, such as ``threading.Event.is_set``.

    Raises:
        MagentaBridgeError: Data, recipe, bundle or checkpoint cannot be used, another training
            uses the folder, or the output cannot be written or would replace a file that no
            earlier training wrote, which is checked before any work.
    """
    paths = {
        "data": data, "start": start, "recipe": recipe, "output": output, "card": card,
        "run_folder": run_folder,
    }  # fmt: skip
    expanded = {
        name: None if path is None else str(Path(path).expanduser()) for name, path in paths.items()
    }
    arguments = {
        **expanded, "family": family, "encoding": encoding, "bundle_id": bundle_id,
        "description": description, "epochs": epochs,
    }  # fmt: skip
    return _train(arguments, Callbacks(on_file, on_batch, on_epoch, on_message, stop))


def _train(arguments: dict[str, Any], callbacks: Callbacks) -> TrainingRun:
    """Train with paths that are expanded; ``arguments`` are those of ``train``, JSON-able."""
    load_packages("Training", "keras", "tensorflow")
    from magenta_bridge.lab.model_card import finish
    from magenta_bridge.lab.networks import check_kind, fit
    from magenta_bridge.training import callbacks as watchers
    from magenta_bridge.training.checkpoint import Run
    from magenta_bridge.training.default_recipes import fit_to_size
    from magenta_bridge.training.fit import EXPORTING_BACKEND, backend, identity

    recipe, start = _resolve_recipe(arguments)
    recipe = _named(recipe, arguments)
    check_kind(recipe.bundle.family, recipe.bundle.encoding)
    bundle, card = _plan_outputs(arguments, recipe)
    check_outputs = _expect_unchanged((bundle, card, bundle.with_suffix(".png")))
    data = arguments["data"]
    corpus = Path(data) if data else fetch_corpus(recipe.data, callbacks.on_message)
    found: dict[str, Any] = {}
    with Run.locked(Path(arguments["run_folder"] or Path("runs") / recipe.bundle.id)) as run:
        split = read_music(corpus, recipe, callbacks)
        if arguments["recipe"] is None:
            recipe = fit_to_size(recipe, split)
        recipe = with_epochs(recipe, arguments["epochs"])
        watcher = watchers.TensorBoardWatcher(run.folder / "logs", callbacks)
        try:
            with watchers.deferred_interrupts(watcher, callbacks.stop) as flag:
                progress = fit(recipe, split, run, flag, start)
        except watchers.TrainingStopped:
            progress = run.load(identity(recipe, split, start))
        stopped = not progress.finished or callbacks.stop()
        if not stopped and backend() == EXPORTING_BACKEND:
            report = finish(
                recipe, split, run, progress, bundle=bundle, card=card,
                command=_command(arguments, bundle), on_message=callbacks.on_message,
                check_outputs=check_outputs,
            )  # fmt: skip
            found = {"nll": report.nll, "headline": report.headline}
    if not stopped and not found:  # the other process locks the folder itself
        callbacks.on_message("Exporting and measuring with TensorFlow ...")
        found = _export_elsewhere(arguments)
    return TrainingRun(
        bundle, card, run.folder, progress.epoch, progress.best_epoch, stopped, **found,
        history=progress.history,
    )  # fmt: skip


def _resolve_recipe(arguments: Mapping[str, Any]) -> tuple[Recipe, bytes]:
    """Return the recipe, not yet fitted to the music, and the Keras archive to start from."""
    from magenta_bridge.training.default_recipes import go_on_from, own_recipe
    from magenta_bridge.training.fit import network_config

    family, encoding, start = (arguments[name] for name in ("family", "encoding", "start"))
    if arguments["recipe"] is not None:
        if (family, encoding, start) != (None, None, None):
            raise InvalidArgumentError(
                "A recipe cannot be combined with a family, an encoding or a bundle to start from."
            )
        return read_recipe(Path(arguments["recipe"])), b""
    if arguments["data"] is None:
        raise InvalidArgumentError("Name a folder of MIDI files, or a recipe with its own data.")
    stem = Path(arguments["output"]).stem if arguments["output"] else "my_melody"
    name = re.sub(r"[^a-z0-9]+", "_", stem.lower()).strip("_")
    if not name:
        raise InvalidArgumentError(f"{stem!r} is not a bundle name; use at least one letter.")
    if start is None:
        return own_recipe(name, family or _FAMILY, encoding or _ENCODING), b""
    bundle = find_bundle(start)
    own = (str(bundle.metadata.get("family", "")), str(bundle.metadata.get("encoding", "")))
    if (family or own[0], encoding or own[1]) != own:
        raise InvalidArgumentError(
            f"{start} is a {own[0]} of {own[1]}; to fine-tune it, omit family and encoding."
        )
    if own[0] == "gan":
        raise UnsupportedError(
            f"{start} is adversarial; fine-tuning it is not supported. Train a new network."
        )
    network = network_config(bundle.network, *own)
    return go_on_from(own_recipe(name, *own), network), bundle.network


def _named(recipe: Recipe, arguments: Mapping[str, Any]) -> Recipe:
    """Return the recipe with the id and the description that were asked for."""
    bundle, named = recipe.bundle, {}
    if arguments["bundle_id"] is not None:
        named["id"] = str(arguments["bundle_id"])
        if not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,63}", named["id"]):
            raise InvalidArgumentError(
                f"{named['id'][:70]!r} is not an id; use 1 to 64 small letters, digits, - and _.",
                field="bundle_id",
            )
    if arguments["description"] is not None:
        named["description"] = str(arguments["description"])
    elif arguments["recipe"] is None and Path(arguments["data"]).name:
        # A name that is not valid Unicode is written with escape sequences.
        music = Path(arguments["data"]).name.encode(errors="backslashreplace").decode()
        manner = bundle.description.removesuffix("your music.")
        named["description"] = f"{manner}{music} ({bundle.family})."
    return dataclasses.replace(recipe, bundle=dataclasses.replace(bundle, **named))


def with_epochs(recipe: Recipe, epochs: int | None) -> Recipe:
    """Return the recipe with a maximum number of epochs; None for its own."""
    if epochs is None:
        return recipe
    if epochs < 1:
        raise InvalidArgumentError(f"epochs must be 1 or more, got {epochs}.")
    return dataclasses.replace(recipe, training=dataclasses.replace(recipe.training, epochs=epochs))


def read_music(corpus: Path, recipe: Recipe, callbacks: Callbacks) -> Split:
    """Read and split a corpus, and report what was found; see ``load_split``."""
    on_message = callbacks.on_message
    on_message(f"Reading {corpus} ...")
    with FileCounter(callbacks.on_file, on_message) as report:
        split = load_split(recipe, corpus, report)
    on_message(
        f"{report.read} files, {dataset_for(recipe.bundle.encoding).noun}: {len(split.train)} for "
        f"training, {len(split.validation)} for validation, {len(split.test)} for the test."
    )
    return split


def _plan_outputs(arguments: Mapping[str, Any], recipe: Recipe) -> tuple[Path, Path]:
    """Return bundle and card; their folders are checked now, since training may take hours."""
    bundle = Path(arguments["output"] or f"{recipe.bundle.id}.mag")
    card = Path(arguments["card"] or bundle.with_suffix(".md"))
    if bundle.suffix != ".mag" or bundle.is_dir():
        raise InvalidArgumentError(f"{bundle} must be a file that ends in .mag.")
    picture = bundle.with_suffix(".png")
    if card.is_dir() or card in (bundle, picture):
        raise InvalidArgumentError(f"{card} cannot be the model card; name a .md file.")
    start = arguments["start"]
    if start and bundle.exists() and Path(start).exists() and bundle.samefile(start):
        raise InvalidArgumentError(f"{bundle} is the bundle to start from; name another output.")
    for path, is_earlier in ((bundle, _is_bundle), (card, is_card), (picture, is_chart)):
        if path.exists() and not is_earlier(path):
            raise InvalidArgumentError(
                f"{path} exists, and is not as an earlier training wrote it; move it, or name "
                f"another {'model card or output' if path is card else 'output'}."
            )
    for folder in {bundle.parent, card.parent}:
        ready_folder(folder)
    return bundle, card


def _expect_unchanged(paths: Iterable[Path]) -> Callable[[], None]:
    """Return a check that raises if a file changed since: another training may have written it."""

    def state(path: Path) -> tuple[int, ...] | None:
        try:
            found = path.stat()
        except OSError:
            return None
        return found.st_ino, found.st_size, found.st_mtime_ns

    before = {path: state(path) for path in paths}

    def check() -> None:
        for path, former in before.items():
            if state(path) != former:
                raise TrainingError(
                    f"{path} was written by another program during the training. The network is "
                    "kept: train again with another output and the same folder (--run)."
                )

    return check


def _is_bundle(path: Path) -> bool:
    try:
        read_bundle(path)
    except MagentaBridgeError:
        return False
    return True


def _command(arguments: Mapping[str, Any], bundle: Path) -> str:
    """Return the command line for the model card, without the folders of this computer."""
    words = ["magenta-bridge", "train"]
    if arguments["data"] is not None:
        words.append(Path(arguments["data"]).name)
    for name in ("family", "encoding", "epochs", "bundle_id"):
        if arguments[name] is not None:
            words += [f"--{name.removeprefix('bundle_')}", str(arguments[name])]
    for name, option in (("start", "--from"), ("recipe", "--recipe")):
        if arguments[name] is not None:
            words += [option, Path(arguments[name]).name]
    return " ".join([*words, "-o", bundle.name])


def _export_elsewhere(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Export in a process with the exporting backend, which finds the run finished."""
    environment = {
        **os.environ, "KERAS_BACKEND": "tensorflow", "PYTHONPATH": os.pathsep.join(sys.path),
    }  # fmt: skip
    done = subprocess.run(  # noqa: S603 - this Python, with a program of ours
        [sys.executable, "-c", _EXPORT_PROGRAM],
        env=environment,
        input=json.dumps(arguments),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise TrainingError(
            f"The network is trained, but exporting it failed ({reason}); run again with "
            "KERAS_BACKEND=tensorflow."
        )
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found
