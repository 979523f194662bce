"""Training of the family that makes bars adversarially: learn, export, measure."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from magenta_bridge.data.bars import bars_of, songs_of, tracks_of
from magenta_bridge.data.dataset import dataset_for
from magenta_bridge.data.splits import Split
from magenta_bridge.errors import UnsupportedError
from magenta_bridge.evaluation.bars.card import bars_section, standing_of
from magenta_bridge.evaluation.bars.report import report_bars
from magenta_bridge.evaluation.model_card import music_section
from magenta_bridge.export.bars import export_bar_program
from magenta_bridge.generators.loading import load_generator
from magenta_bridge.lab.held_out import describe, encode_examples, pack
from magenta_bridge.lab.model_card import SAMPLES, Report, evaluate_samples, make_card
from magenta_bridge.recipe import Recipe
from magenta_bridge.training.adversarial import build_gan, train_adversarial
from magenta_bridge.training.checkpoint import Progress, Run
from magenta_bridge.training.loop import Watcher

KINDS: Final = (("gan", "duo"), ("gan", "melody"))
_CRITIC_CURVES: Final = ("critic", "real", "made")


def learn(recipe: Recipe, split: Split, run: Run, watcher: Watcher, start: bytes) -> Progress:
    """Trains, or goes on; see ``train_adversarial``.

    Raises:
        UnsupportedError: There is a network to start from.
    """
    if start:
        raise UnsupportedError("An adversarial network cannot be trained on; train it anew.")
    return train_adversarial(recipe, split, run, watcher)


def trained(recipe: Recipe, run: Run) -> Any:
    """Returns the network with the best weights of a run."""
    network = build_gan(recipe)
    network.load_weights(run.best_weights)
    return network


def write(path: Path, recipe: Recipe, split: Split, network: Any) -> None:
    """Exports a trained network and writes its bundle; see ``export_bar_program``."""
    program = export_bar_program(network, describe(recipe, split))
    pack(path, recipe, split, program=program, network=network)


def measure(
    recipe: Recipe,
    split: Split,
    progress: Progress,
    network: Any,
    *,
    bundle: Path,
    command: str,
) -> Report:
    """Draws samples and puts them beside held-out music and n-grams.

    Args:
        recipe: What was trained.
        split: The music; only its test side is reported on.
        progress: How training went.
        network: The trained network.
        bundle: The bundle made of it.
        command: The command line that makes it again.
    """
    generator, tracks = load_generator(bundle), tracks_of(recipe)
    train, valid, test = (songs_of(side, tracks) for side in vars(split).values())
    fitting = [tune for tune in split.test if bars_of(tune, tracks) is not None]
    found = report_bars(
        generator,
        network,
        [tune.meter for tune in fitting],
        train=train,
        validation=valid,
        test=test,
        samples=SAMPLES,
    )
    pieces = encode_examples(dataset_for(recipe.bundle.encoding), fitting)
    music = evaluate_samples(generator, pieces, recipe.bundle.encoding)
    figures = [bars_section(found), music_section(music)]
    return Report(
        card=make_card(
            recipe, split, progress, figures=figures, limits=music.idiom.limits, command=command
        ),
        headline=f"Held out: {found.network.nats_per_step:.4f} nats a step, "
        f"{standing_of(found)}; distance of its music {found.made:.4f}, of the best n-gram's "
        f"{min(found.ngrams.values()):.4f}, of other human music {found.people:.4f}.",
        curves={name: progress.history[name] for name in _CRITIC_CURVES},
        baseline=None,
        unit="hinge loss; mean score of real and made bars",
    )
