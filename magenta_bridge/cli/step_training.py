"""Training of the families that choose one id after another: learn, export, measure."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from magenta_bridge.cli.held_out import describe_split, fed_pieces
from magenta_bridge.cli.training_report import Report, make_card
from magenta_bridge.encodings.meters import METERS, STEPS_PER_QUARTER
from magenta_bridge.evaluation.baseline import measure_baselines
from magenta_bridge.evaluation.card import Likelihood, Music, likelihood_section, music_section
from magenta_bridge.evaluation.features import spread
from magenta_bridge.evaluation.idioms import idiom_of
from magenta_bridge.evaluation.likelihood import score_network, score_program
from magenta_bridge.evaluation.score import Piece
from magenta_bridge.generators.bundle import read_bundle, write_bundle
from magenta_bridge.generators.generator import SequenceGenerator
from magenta_bridge.generators.shipped import load_generator
from magenta_bridge.training.checkpoint import Progress, Run
from magenta_bridge.training.export import export_program, save_network
from magenta_bridge.training.families import Split
from magenta_bridge.training.loop import Watcher
from magenta_bridge.training.materials import material_for
from magenta_bridge.training.recipe import Recipe
from magenta_bridge.training.session import build, train_recipe

_PROBE_STEPS: Final = 48
_SAMPLES: Final = 200
_SETTINGS: Final = ("temperature", "top_p", "top_k")


def learn(recipe: Recipe, split: Split, run: Run, watcher: Watcher, start: bytes) -> Progress:
    """Trains, or goes on; see ``train_recipe``."""
    return train_recipe(recipe, split, run, watcher, start)


def trained(recipe: Recipe, run: Run) -> Any:  # noqa: ANN401 - Keras has no types
    """Returns the network with the best weights of a run."""
    network = build(recipe)
    network.load_weights(run.best_weights)
    return network


def write(path: Path, recipe: Recipe, split: Split, network: Any) -> None:  # noqa: ANN401
    """Exports a trained network and writes its bundle.

    Args:
        path: The ``.mag`` file.
        recipe: What the bundle is called and learned from.
        split: The music; a held-out piece is the probe on which export and network must agree.
        network: The trained network.

    Raises:
        TrainingError: The exported program disagrees with the network.
    """
    material = material_for(recipe.bundle.encoding)
    probe = fed_pieces(material, split.test[:1])[0][: _PROBE_STEPS + 1]
    program = export_program(network, describe(recipe, split), int8=True, probe=probe.tolist())
    with tempfile.TemporaryDirectory() as folder:
        archive = Path(folder) / "network.keras"
        save_network(network, archive)
        write_bundle(
            path,
            generator_id=recipe.bundle.id,
            description=recipe.bundle.description,
            details=f"Trained on {len(split.train)} {material.noun}: {recipe.data.name}. "
            f"Licence of the music: {recipe.data.licence}.",
            program=program,
            network=archive.read_bytes(),
        )


def describe(recipe: Recipe, split: Split) -> dict[str, Any]:
    """Returns what the program says of itself to whoever serves it."""
    encoding = recipe.bundle.encoding
    told: dict[str, Any] = {
        "format": 1,
        "family": recipe.bundle.family,
        "encoding": encoding,
        "capabilities": ["GENERATE", "CONTINUE"],
        "split": describe_split(recipe),
    }
    if encoding != "performance":  # which is music in seconds
        told["steps_per_quarter"] = STEPS_PER_QUARTER
        told["meters"] = [list(meter) for meter in METERS]
    pitches = np.concatenate([tune.pitches for tune in split.train])
    if len(pitches):
        low, high = recipe.training.transpose
        # The lowest and highest half percent are ornaments and errors, not a range to play in.
        told["pitch_range"] = [
            int(np.percentile(pitches, 0.5)) + low,
            int(np.percentile(pitches, 99.5)) + high,
        ]
    return told


def measure(
    recipe: Recipe,
    split: Split,
    progress: Progress,
    network: Any,  # noqa: ANN401 - Keras has no types
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
    material = material_for(recipe.bundle.encoding)
    train, valid, test = (fed_pieces(material, side) for side in vars(split).values())
    found = Likelihood(
        baselines=measure_baselines(train, valid, test, material),
        program=score_program(read_bundle(bundle).program, test),
        unit=material.unit,
        network=score_network(network, test, material),
    )
    music = look_at_music(load_generator(bundle), test, recipe.bundle.encoding)
    figures = [likelihood_section(found), music_section(music)]
    return Report(
        card=make_card(
            recipe, split, progress, figures=figures, limits=music.idiom.limits, command=command
        ),
        headline=f"Held out: {found.program.nats_per_step:.4f} nats a {found.unit}, "
        f"{found.standing} ({found.best_baseline.nats_per_step:.4f}).",
        curves={name: progress.history[name] for name in ("loss", "validation_loss")},
        baseline=found.best_baseline.nats_per_step,
    )


def look_at_music(generator: SequenceGenerator, test: Sequence[Piece], encoding: str) -> Music:
    """Draws samples, and puts their features beside those of held-out pieces."""
    idiom = idiom_of(encoding)
    return Music(
        idiom=idiom,
        human=spread(idiom.openings(test)),
        machine=spread(idiom.samples(generator, test, _SAMPLES)),
        copying=idiom.copying(generator, test),
        samples=_SAMPLES,
        settings=settings_of(generator),
    )


def settings_of(generator: SequenceGenerator) -> str:
    """Returns the defaults that samples are drawn at, in words."""
    defaults = {row.name: row.default for row in generator.info.arguments}
    return ", ".join(f"{name} {defaults[name]:g}" for name in _SETTINGS if name in defaults)
