"""What a search may turn is what the networks take, and begins where ``train`` does."""

from __future__ import annotations

import inspect

import pytest

from magenta_bridge.lab.search.space import (
    Categorical,
    Dial,
    recipe_with,
    space_for,
    usual_values,
)
from magenta_bridge.models.gan.network import BarGAN
from magenta_bridge.models.registry import build_network, network_kinds
from magenta_bridge.recipe import Recipe
from magenta_bridge.training.adversarial import build_gan
from magenta_bridge.training.default_recipes import own_recipe

KINDS = [*network_kinds(), ("gan", "duo"), ("gan", "melody")]


def _edge(dial: Dial, *, top: bool) -> float:
    if isinstance(dial, Categorical):
        return dial.values[-1 if top else 0]
    return dial.high if top else dial.low


def _built(recipe: Recipe) -> object:
    kind = (recipe.bundle.family, recipe.bundle.encoding)
    return build_gan(recipe) if kind[0] == "gan" else build_network(*kind, recipe.network)


@pytest.mark.parametrize(
    ("family", "encoding"), [*(kind for kind in KINDS if kind[0] == "lstm"), ("gan", "melody")]
)
def test_both_ends_of_every_range_make_a_network(family: str, encoding: str) -> None:
    """The smallest and the largest network of each kind can be built."""
    for top in (False, True):
        values = {dial.name: _edge(dial, top=top) for dial in space_for(family, encoding)}
        recipe = recipe_with(own_recipe("tried", family, encoding), values)
        assert _built(recipe)


@pytest.mark.parametrize(("family", "encoding"), KINDS)
def test_what_is_tried_first_is_what_train_would_do(family: str, encoding: str) -> None:
    """The usual values are the network's defaults, and those of the recipe for own music."""
    usual = own_recipe("tried", family, encoding)
    recipe = recipe_with(usual, usual_values(space_for(family, encoding)))
    assert recipe.training == usual.training
    network = type(build_network(family, encoding, {})) if family != "gan" else BarGAN
    defaults = inspect.signature(network).parameters
    for name, value in recipe.network.items():
        default = defaults[name].default
        assert value == (list(default) if isinstance(default, tuple) else default)


@pytest.mark.parametrize(("family", "encoding"), KINDS)
def test_every_dial_stands_within_its_range(family: str, encoding: str) -> None:
    for dial in space_for(family, encoding):
        if isinstance(dial, Categorical):
            assert dial.usual in dial.values
            continue
        assert dial.low < dial.usual < dial.high or dial.usual in (dial.low, dial.high)
        if dial.step:  # Optuna moves an upper bound that cannot be reached
            assert (dial.high - dial.low) / dial.step == pytest.approx(
                round((dial.high - dial.low) / dial.step)
            )


def test_values_go_to_the_places_they_belong_to() -> None:
    values = {"layers": 3, "units": 96, "dropout": 0.15000000000000002, "learning_rate": 0.0012345,
              "window_steps": 64}  # fmt: skip
    recipe = recipe_with(own_recipe("tried", "gru", "melody"), values)
    assert recipe.network == {"units": [96, 96, 96], "dropout": 0.15}
    assert (recipe.training.learning_rate, recipe.training.window_steps) == (0.001234, 64)
    assert isinstance(recipe.training.window_steps, int)


def test_a_family_without_layers_keeps_its_width() -> None:
    recipe = recipe_with(
        own_recipe("tried", "gan", "melody"), {"units": 64, "adversarial_weight": 0.2}
    )
    assert recipe.network == {"units": 64, "adversarial_weight": 0.2}
