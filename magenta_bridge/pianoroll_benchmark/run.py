"""The networks of ``magenta-bridge benchmark``: train, save, and score them."""

from __future__ import annotations

import io
import json
import statistics
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import click
import numpy as np
from numpy.typing import NDArray

from magenta_bridge.errors import FileFormatError, InvalidArgumentError, NotFoundError
from magenta_bridge.files import locked_folder, ready_folder, save_bytes, save_text
from magenta_bridge.pianoroll_benchmark.network import RollNetwork
from magenta_bridge.pianoroll_benchmark.recipe import RollKind, RollRecipe, recipe_for, train_rolls
from magenta_bridge.pianoroll_benchmark.rolls import RollSplit
from magenta_bridge.pianoroll_benchmark.score import (
    NetworkModel,
    RollScore,
    report_score,
    score_rolls,
)
from magenta_bridge.training.callbacks import TerminalWatcher, deferred_interrupts
from magenta_bridge.training.checkpoint import Run

_FACTS: Final = "row.json"
_WEIGHTS: Final = "weights.npz"


@dataclass(frozen=True)
class SeedResult:
    """The result of one training.

    Attributes:
        seed: Its seed.
        epochs: Epochs trained.
        best_epoch: Epoch whose weights were kept, counted from 1.
        minutes: Time spent training.
        validation: Nats per frame of the validation pieces.
        test: Nats per frame of the test pieces.
    """

    seed: int
    epochs: int
    best_epoch: int
    minutes: float
    validation: float
    test: float


@dataclass(frozen=True)
class Row:
    """A row: one kind of network, trained with several seeds, of which one is saved.

    Attributes:
        dataset: One of ``rolls.DATASETS``.
        cell: See ``RollKind``, like ``size`` and ``output``.
        size: For example ``300k``.
        output: ``sigmoid`` or ``joint``.
        parameters: Number of weights of the network.
        network: Arguments of ``RollNetwork``.
        training: The training recipe.
        seeds: One result per seed.
        saved_seed: Seed with the best validation score, whose weights are saved.
    """

    dataset: str
    cell: str
    size: str
    output: str
    parameters: int
    network: Mapping[str, Any]
    training: Mapping[str, Any]
    seeds: Sequence[SeedResult]
    saved_seed: int

    @property
    def mean(self) -> float:
        """Mean over the seeds of nats per frame of the test pieces."""
        return statistics.fmean(each.test for each in self.seeds)

    @property
    def deviation(self) -> float:
        """Standard deviation of the same over the seeds (n - 1); 0 for a single seed."""
        return statistics.stdev(each.test for each in self.seeds) if len(self.seeds) > 1 else 0.0


def save_row(folder: Path, row: Row, weights: Sequence[NDArray[np.float32]]) -> None:
    """Write a row, with weights in half precision.

    Raises:
        MagentaBridgeError: The folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    packed = io.BytesIO()
    halves = {f"w{index}": each.astype(np.float16) for index, each in enumerate(weights)}
    np.savez_compressed(packed, **halves)  # type: ignore[arg-type]
    save_bytes(folder / _WEIGHTS, packed.getvalue())
    save_text(folder / _FACTS, json.dumps(asdict(row), indent=1) + "\n")


def load_row(folder: Path) -> tuple[Row, Any]:
    """Read a saved row, and its network with the saved weights.

    Raises:
        NotFoundError: The folder contains no row.
        FileFormatError: Its files are damaged.
    """
    try:
        text = (folder / _FACTS).read_text(encoding="utf-8")
        packed = (folder / _WEIGHTS).read_bytes()
    except OSError as error:
        raise NotFoundError(
            f"{folder} holds no saved row: {error.strerror}, {error.filename}."
        ) from error
    try:
        held = json.loads(text)
        row = Row(**{**held, "seeds": [SeedResult(**each) for each in held["seeds"]]})
        network = RollNetwork(**row.network)
        network.build()
        with np.load(io.BytesIO(packed), allow_pickle=False) as arrays:
            weights = [arrays[f"w{index}"].astype(np.float32) for index in range(len(arrays))]
        network.set_weights(weights)
    except (ValueError, TypeError, KeyError, zipfile.BadZipFile) as error:
        raise FileFormatError(f"The row saved in {folder} is damaged: {error}") from error
    return row, network


@dataclass(frozen=True)
class NetworkJob:
    """A row to train; see ``magenta-bridge benchmark --help``."""

    kind: RollKind
    seeds: int
    epochs: int | None
    run_folder: Path | None
    save: Path | None


@dataclass(frozen=True, eq=False)
class _Trained:
    recipe: RollRecipe
    network: Any
    result: SeedResult
    score: RollScore


def score_saved(split: RollSplit, dataset: str, folder: Path, *, as_json: bool) -> str:
    """Score a saved row on the test pieces.

    Raises:
        MagentaBridgeError: The row cannot be used, or belongs to another dataset.
    """
    row, network = load_row(folder)
    if row.dataset != dataset:
        raise InvalidArgumentError(
            f"{folder} holds a network of {row.dataset}; say --dataset {row.dataset}."
        )
    score = score_rolls(NetworkModel(network), split.test)
    return _report(row, score, as_json=as_json)


def train_and_score(split: RollSplit, job: NetworkJob, *, as_json: bool) -> str:
    """Train a row, one seed after another, and score the seed with the best validation score.

    Raises:
        MagentaBridgeError: A checkpoint or the folder to save in cannot be used.
    """
    runs = job.run_folder or Path("runs") / job.kind.name
    ready_folder(runs)
    if job.save is None:
        return _train_and_score(split, job, runs, as_json=as_json)
    with locked_folder(job.save, "benchmark", proof=_FACTS):
        return _train_and_score(split, job, runs, as_json=as_json)


def _train_and_score(split: RollSplit, job: NetworkJob, runs: Path, *, as_json: bool) -> str:
    trained = [_train(split, job, seed, runs / f"seed-{seed}") for seed in range(1, job.seeds + 1)]
    best = min(trained, key=lambda each: each.result.validation)
    row = Row(
        **asdict(job.kind),
        parameters=int(best.network.count_params()),
        network=dict(best.recipe.network),
        training=asdict(best.recipe.training),
        seeds=[each.result for each in trained],
        saved_seed=best.result.seed,
    )
    if job.save is not None:
        save_row(job.save, row, best.network.get_weights())
    return _report(row, best.score, as_json=as_json)


def _train(split: RollSplit, job: NetworkJob, seed: int, folder: Path) -> _Trained:
    recipe = recipe_for(job.kind, seed, job.epochs)
    watcher = TerminalWatcher(unit="decision")
    try:
        with Run.locked(folder) as run, deferred_interrupts(watcher) as flag:
            network, progress = train_rolls(recipe, split, run=run, watcher=flag)
    finally:
        watcher.close()
    model = NetworkModel(network)
    score = score_rolls(model, split.test)
    result = SeedResult(
        seed=seed,
        epochs=progress.epoch,
        best_epoch=progress.best_epoch,
        minutes=round(sum(progress.history["seconds"]) / 60.0, 1),
        validation=score_rolls(model, split.validation).nats_per_frame,
        test=score.nats_per_frame,
    )
    click.echo(
        f"{job.kind.name}, seed {seed}: validation {result.validation:.3f}, test "
        f"{result.test:.3f} nats per frame; epoch {result.best_epoch} of {result.epochs}, "
        f"{result.minutes:.0f} minutes.",
        err=True,
    )
    return _Trained(recipe, network, result, score)


def _report(row: Row, score: RollScore, *, as_json: bool) -> str:
    facts = {
        "size": row.size,
        "output": row.output,
        "parameters": row.parameters,
        "seed": row.saved_seed,
        "seeds": [asdict(each) for each in row.seeds],
        "mean": row.mean,
        "deviation": row.deviation,
    }
    seeds = "The only seed"
    if len(row.seeds) > 1:
        seeds = (
            f"Seed {row.saved_seed} of {len(row.seeds)}, chosen on the validation pieces; all: "
            f"mean {row.mean:.2f}, standard deviation {row.deviation:.2f}"
        )
    remark = f"{seeds}; {row.parameters:,} parameters."
    name = f"{row.cell} {row.size} {row.output}"
    return report_score(row.dataset, name, score, facts, (remark,), as_json=as_json)
