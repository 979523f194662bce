"""Training of the families that choose one id after another: learn, export, measure."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from magenta_bridge.data.dataset import dataset_for
from magenta_bridge.data.splits import Split
from magenta_bridge.evaluation.likelihood import score_network, score_program
from magenta_bridge.evaluation.model_card import Likelihood, likelihood_section, music_section
from magenta_bridge.evaluation.ngram import measure_baselines
from magenta_bridge.export.litert import export_program
from magenta_bridge.generators.bundle import read_bundle
from magenta_bridge.generators.loading import load_generator
from magenta_bridge.lab.held_out import describe, encode_examples, pack
from magenta_bridge.lab.model_card import Report, evaluate_samples, make_card
from magenta_bridge.lab.precision import weights_of, with_weights
from magenta_bridge.recipe import Recipe
from magenta_bridge.training.checkpoint import Progress, Run
from magenta_bridge.training.fit import build, train_recipe
from magenta_bridge.training.loop import Watcher

_PROBE_STEPS: Final = 48


def learn(recipe: Recipe, split: Split, run: Run, watcher: Watcher, start: bytes) -> Progress:
    """Trains, or goes on; see ``train_recipe``."""
    return train_recipe(recipe, split, run, watcher, start)


def trained(recipe: Recipe, run: Run) -> Any:
    """Returns the network with the best weights of a run."""
    network = build(recipe)
    network.load_weights(run.best_weights)
    return network


def write(path: Path, recipe: Recipe, split: Split, network: Any) -> None:
    """Exports a trained network and writes its bundle.

    A held-out piece is the probe on which export and network must agree.

    Raises:
        TrainingError: The exported program disagrees with the network.
    """
    dataset = dataset_for(recipe.bundle.encoding)
    probe = encode_examples(dataset, split.test[:1])[0][: _PROBE_STEPS + 1]
    program = export_program(network, describe(recipe, split), int8=True, probe=probe.tolist())
    pack(path, recipe, split, program=with_weights(program, recipe, split), network=network)


def measure(
    recipe: Recipe,
    split: Split,
    progress: Progress,
    network: Any,
    *,
    bundle: Path,
    command: str,
) -> Report:
    """Scores network, served program and n-grams on the test pieces, and draws samples.

    Args:
        recipe: What was trained.
        split: The music; only its test side is reported on.
        progress: How training went.
        network: The trained network, in float32.
        bundle: The bundle made of it.
        command: The command line that makes it again.
    """
    dataset = dataset_for(recipe.bundle.encoding)
    train, valid, test = (encode_examples(dataset, side) for side in vars(split).values())
    served = read_bundle(bundle)
    found = Likelihood(
        baselines=measure_baselines(train, valid, test, dataset),
        program=score_program(served.program, test),
        unit=dataset.unit,
        weights=weights_of(served.traits),
        network=score_network(network, test, dataset),
    )
    music = evaluate_samples(load_generator(bundle), test, recipe.bundle.encoding)
    figures = [likelihood_section(found), music_section(music)]
    return Report(
        card=make_card(
            recipe, split, progress, figures=figures, limits=music.idiom.limits, command=command
        ),
        headline=f"Held out: {found.program.nats_per_step:.4f} nats a {found.unit}, "
        f"{found.standing} ({found.best_baseline.nats_per_step:.4f}).",
        curves={name: progress.history[name] for name in ("loss", "validation_loss")},
        baseline=found.best_baseline.nats_per_step,
        unit=f"nats per {found.unit}",
    )
