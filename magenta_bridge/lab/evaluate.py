"""The work behind ``magenta-bridge evaluate``."""

from __future__ import annotations

import importlib.util
import math
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from magenta_bridge.cli.progress.corpus_counter import count_files
from magenta_bridge.data.bars import songs_of, tracks_of
from magenta_bridge.data.corpus import check_corpus
from magenta_bridge.data.example import Tune
from magenta_bridge.data.registry import material_for
from magenta_bridge.data.splits import Split, load_split
from magenta_bridge.errors import FileFormatError, TrainingError, UnsupportedError
from magenta_bridge.evaluation.likelihood import Score, StepLikelihoods, score_pieces, score_program
from magenta_bridge.evaluation.model_card import Likelihood
from magenta_bridge.evaluation.ngram import measure_baselines
from magenta_bridge.generators.bundle import Bundle
from magenta_bridge.generators.loading import find_bundle
from magenta_bridge.lab.held_out import encode_examples, recipe_of_split
from magenta_bridge.lab.precision import weights_of
from magenta_bridge.recipe import Recipe
from magenta_bridge.runtime.interpreter import silent_stderr

ADVERSARIAL: Final = "gan"
_KEY_NATS: Final = math.log(12)


def score_examples(bundle: Bundle, tunes: Sequence[Tune]) -> list[StepLikelihoods | None]:
    """Foretells each step of each tune.

    Programs that choose step by step are scored as they are served; of an adversarial bundle
    its network is, since its program tells its choices alone. That network reads music in the
    white keys: to tell it which key that was is one choice among twelve, counted on its first
    step of a piece, so that it can be held against those that find the key out by themselves.

    Args:
        bundle: The bundle.
        tunes: Tunes of its encoding.

    Returns:
        What was foretold of each tune, on the steps of its own ``ids``; None for those that an
        adversarial network cannot read, whose bars are not of 12 or 16 sixteenths.

    Raises:
        UnsupportedError: The bundle is adversarial, and TensorFlow is not installed.
    """
    if bundle.traits["family"] == ADVERSARIAL:
        return _foretell_bars(bundle, tunes)
    material = material_for(str(bundle.traits["encoding"]))
    return list(score_pieces(bundle.program, encode_examples(material, tunes)))


def network_of(bundle: Bundle) -> Any:
    """Returns the network of an adversarial bundle.

    Raises:
        UnsupportedError: TensorFlow is not installed.
    """
    if importlib.util.find_spec("keras") is None:
        raise UnsupportedError(
            f"{bundle.id} is adversarial; to score it, install TensorFlow with: "
            'pip install "magenta-bridge[train]"'
        )
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with silent_stderr():
        from magenta_bridge.training.adversarial import read_gan
    return read_gan(bundle.network)


def _foretell_bars(bundle: Bundle, tunes: Sequence[Tune]) -> list[StepLikelihoods | None]:
    network = network_of(bundle)
    from magenta_bridge.data.bars import bars_of, first_step
    from magenta_bridge.evaluation.bars.likelihood import bar_likelihoods

    tracks = 2 if bundle.traits["encoding"] == "duo" else 1
    songs = [bars_of(tune, tracks) for tune in tunes]
    told = map(_told_the_key, bar_likelihoods(network, [s for s in songs if s is not None]))
    return [
        None
        if song is None
        else next(told).moved(first_step(tune, tracks)).within(0, len(tune.ids))
        for tune, song in zip(tunes, songs, strict=True)
    ]


def _told_the_key(foretold: StepLikelihoods) -> StepLikelihoods:
    """Counts what it takes to know which of twelve moves brought a piece to the white keys."""
    nats = foretold.nats.copy()
    nats[0] += _KEY_NATS
    return StepLikelihoods(nats, foretold.hits, foretold.first)


@dataclass(frozen=True)
class Evaluation:
    """What was found.

    Attributes:
        figures: For machines.
        table: For people.
    """

    figures: dict[str, Any]
    table: str


def run_evaluation(name: str, data: Path, say: Callable[[str], None]) -> Evaluation:
    """Scores a bundle and n-grams on held-out music.

    Args:
        name: The bundle's file, or the id of a shipped one.
        data: The music.
        say: Told in words what goes on.

    Raises:
        MagentaBridgeError: Bundle or music cannot be used.
    """
    bundle = find_bundle(name)
    recipe, own = _known_music(recipe_of_split(bundle.id, bundle.traits), data)
    say(f"Reading {data} ..." if own else f"Reading {data}, music that {bundle.id} never heard ...")
    with count_files() as report:
        split = load_split(recipe, data, report)
    material = material_for(recipe.bundle.encoding)
    say(f"Scoring held-out {material.noun}: {len(split.test)} ...")
    score = _score_bars if recipe.bundle.family == ADVERSARIAL else _score_steps
    found = score(bundle, recipe, split)
    return Evaluation(
        {
            "bundle": bundle.id,
            "encoding": material.encoding,
            "trained_on_this": own,
            "pieces": len(split.test),
            "unit": material.unit,
            **_numbers(found.program),
            "gain": found.gain,
            "baselines": {name: _numbers(score) for name, score in found.baselines.items()},
        },
        _table(bundle.id, found),
    )


def _score_steps(bundle: Bundle, recipe: Recipe, split: Split) -> Likelihood:
    """Scores the program that is served."""
    material = material_for(recipe.bundle.encoding)
    train, valid, test = (encode_examples(material, side) for side in vars(split).values())
    return Likelihood(
        baselines=measure_baselines(train, valid, test, material),
        program=score_program(bundle.program, test),
        unit=material.unit,
        weights=weights_of(bundle.traits),
    )


def _score_bars(bundle: Bundle, recipe: Recipe, split: Split) -> Likelihood:
    """Scores the network in the bundle; the program that is served tells its choices alone."""
    network = network_of(bundle)
    from magenta_bridge.evaluation.bars.likelihood import score_bar_ngram, score_bars

    tracks = tracks_of(recipe)
    train, valid, test = (songs_of(side, tracks) for side in vars(split).values())
    if not test:
        raise TrainingError(
            "No held-out piece has bars of 12 or 16 sixteenths; add music in 4/4, 3/4 or 6/8."
        )
    order, baseline = score_bar_ngram(train, valid, test, tracks)
    return Likelihood(
        baselines={f"n-gram with meter and position in the bar, order {order}": baseline},
        program=score_bars(network, test),
        unit=material_for(recipe.bundle.encoding).unit,
    )


def _known_music(recipe: Recipe, data: Path) -> tuple[Recipe, bool]:
    """Returns the recipe for this music, and whether the bundle was trained on it."""
    if not recipe.data.sha256:
        return recipe, True
    try:
        check_corpus(data, recipe.data.sha256)
    except FileFormatError:
        return replace(recipe, data=replace(recipe.data, sha256="")), False
    # The check reads every file; once is enough.
    return replace(recipe, data=replace(recipe.data, sha256="")), True


def _numbers(score: Score) -> dict[str, float]:
    return {
        "nats_per_step": score.nats_per_step,
        "accuracy": score.accuracy,
        "steps": score.steps,
    }


def _table(name: str, found: Likelihood) -> str:
    rows = {**found.baselines, name: found.program}
    width = max(len(each) for each in rows)
    lines = [
        f"{each:{width}}  {score.nats_per_step:.4f} nats a {found.unit}  "
        f"{score.accuracy:.2%} foretold"
        for each, score in rows.items()
    ]
    lines.append(f"{found.program.steps:,} {found.unit}s; {name} lies {found.standing}.")
    return "\n".join(lines)
