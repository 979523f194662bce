"""The networks behind ``magenta-bridge benchmark``: train them, save them, score them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import click

from magenta_bridge.errors import InvalidArgumentError
from magenta_bridge.files import ready_folder
from magenta_bridge.pianoroll_benchmark.datasets import RollSplit
from magenta_bridge.pianoroll_benchmark.fit import train_rolls
from magenta_bridge.pianoroll_benchmark.network_model import NetworkModel
from magenta_bridge.pianoroll_benchmark.recipe import RollKind, RollRecipe, recipe_for
from magenta_bridge.pianoroll_benchmark.report import report_score
from magenta_bridge.pianoroll_benchmark.results import Row, SeedResult, load_row, save_row
from magenta_bridge.pianoroll_benchmark.score import RollScore, score_rolls
from magenta_bridge.training.callbacks import TerminalWatcher, deferred_interrupts
from magenta_bridge.training.checkpoint import Run


@dataclass(frozen=True)
class NetworkJob:
    """One command line; see ``magenta-bridge benchmark --help``."""

    dataset: str
    cell: str
    size: str
    output: str
    seeds: int
    epochs: int | None
    run_folder: Path | None
    save: Path | None

    @property
    def kind(self) -> RollKind:
        """The row that is asked for."""
        return RollKind(self.dataset, self.cell, self.size, self.output)


@dataclass(frozen=True, eq=False)
class _Trained:
    recipe: RollRecipe
    network: Any
    result: SeedResult
    score: RollScore


def score_saved(split: RollSplit, dataset: str, folder: Path, *, as_json: bool) -> str:
    """Scores a saved row on the test pieces.

    Raises:
        MagentaBridgeError: The row cannot be used, or is of another dataset.
    """
    row, network = load_row(folder)
    if row.dataset != dataset:
        raise InvalidArgumentError(
            f"{folder} holds a network of {row.dataset}; say --dataset {row.dataset}."
        )
    score = score_rolls(NetworkModel(network), split.test)
    return _report(row, score, as_json=as_json)


def train_and_score(split: RollSplit, job: NetworkJob, *, as_json: bool) -> str:
    """Trains a row, a seed after the other, and scores the seed that validation prefers.

    Raises:
        MagentaBridgeError: A checkpoint or the folder to save in cannot be used.
    """
    if job.save is not None:
        ready_folder(job.save)
    runs = job.run_folder or Path("runs") / job.kind.name
    ready_folder(runs)
    trained = [_train(split, job, seed, runs / f"seed-{seed}") for seed in range(1, job.seeds + 1)]
    best = min(trained, key=lambda each: each.result.validation)
    row = _row(job, best, [each.result for each in trained])
    if job.save is not None:
        save_row(job.save, row, best.network.get_weights())
    return _report(row, best.score, as_json=as_json)


def _train(split: RollSplit, job: NetworkJob, seed: int, folder: Path) -> _Trained:
    recipe = recipe_for(job.kind, seed, job.epochs)
    watcher = TerminalWatcher(unit="decision")
    try:
        with deferred_interrupts(watcher) as flag:
            network, progress = train_rolls(
                recipe, split.train, split.validation, run=Run(folder), watcher=flag
            )
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


def _row(job: NetworkJob, best: _Trained, seeds: list[SeedResult]) -> Row:
    return Row(
        dataset=job.dataset,
        cell=job.cell,
        size=job.size,
        output=job.output,
        parameters=int(best.network.count_params()),
        network=dict(best.recipe.network),
        training=asdict(best.recipe.training),
        seeds=seeds,
        saved_seed=best.result.seed,
    )


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
    name = f"{row.cell} {row.size} {row.output}"
    return report_score(row.dataset, name, score, facts, (_remark(row),)).text(as_json=as_json)


def _remark(row: Row) -> str:
    if len(row.seeds) == 1:
        return f"The only seed; {row.parameters:,} parameters."
    return (
        f"Seed {row.saved_seed} of {len(row.seeds)}, chosen on the validation pieces; all: mean "
        f"{row.mean:.2f}, standard deviation {row.deviation:.2f}; {row.parameters:,} parameters."
    )
