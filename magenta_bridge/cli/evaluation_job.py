"""The work behind ``magenta-bridge evaluate``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from magenta_bridge.cli.held_out import fed_pieces, recipe_of_split
from magenta_bridge.cli.program_weights import weights_of
from magenta_bridge.cli.reading import count_files
from magenta_bridge.cli.scoring import ADVERSARIAL, network_of
from magenta_bridge.errors import FileFormatError, TrainingError
from magenta_bridge.evaluation.baseline import measure_baselines
from magenta_bridge.evaluation.card import Likelihood
from magenta_bridge.evaluation.likelihood import score_program
from magenta_bridge.evaluation.score import Score
from magenta_bridge.generators.bundle import Bundle
from magenta_bridge.generators.shipped import find_bundle
from magenta_bridge.training.bars import songs_of, tracks_of
from magenta_bridge.training.corpus import check_corpus
from magenta_bridge.training.families import Split
from magenta_bridge.training.materials import material_for
from magenta_bridge.training.recipe import Recipe
from magenta_bridge.training.splitting import load_split


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
    train, valid, test = (fed_pieces(material, side) for side in vars(split).values())
    return Likelihood(
        baselines=measure_baselines(train, valid, test, material),
        program=score_program(bundle.program, test),
        unit=material.unit,
        weights=weights_of(bundle.traits),
    )


def _score_bars(bundle: Bundle, recipe: Recipe, split: Split) -> Likelihood:
    """Scores the network in the bundle; the program that is served tells its choices alone."""
    network = network_of(bundle)
    from magenta_bridge.evaluation.bar_likelihood import score_bar_ngram, score_bars

    tracks = tracks_of(recipe)
    train, valid, test = (songs_of(side, tracks) for side in vars(split).values())
    if not test:
        raise TrainingError(
            "No held-out piece has bars of 12 or 16 sixteenths; add music in 4/4, 3/4 or 6/8."
        )
    order, baseline = score_bar_ngram(train, valid, test, tracks)
    return Likelihood(
        baselines={f"n-gram with meter and place in the bar, order {order}": baseline},
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
