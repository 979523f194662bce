"""A search varies what the networks accept, and begins where ``train`` does."""

from __future__ import annotations

import inspect

import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from magenta_bridge.lab.search.space import Parameter, objectives_for, recipe_with, space_for
from magenta_bridge.models.gan.network import BarGAN
from magenta_bridge.models.registry import build_network, network_kinds
from magenta_bridge.recipe import Recipe
from magenta_bridge.training.adversarial import build_gan
from magenta_bridge.training.default_recipes import own_recipe

KINDS = [*network_kinds(), ("gan", "duo"), ("gan", "melody")]


def _ends(parameter: Parameter) -> list[float]:
    distribution = parameter.distribution
    if isinstance(distribution, CategoricalDistribution):
        return [float(each) for each in distribution.choices if each is not None]
    assert isinstance(distribution, FloatDistribution | IntDistribution)
    return [distribution.low, distribution.high]


def _built(recipe: Recipe) -> object:
    kind = (recipe.bundle.family, recipe.bundle.encoding)
    return build_gan(recipe) if kind[0] == "gan" else build_network(*kind, recipe.network)


@pytest.mark.parametrize(
    ("family", "encoding"), [*(kind for kind in KINDS if kind[0] == "lstm"), ("gan", "melody")]
)
def test_both_ends_of_every_range_make_a_network(family: str, encoding: str) -> None:
    """The smallest and the largest network of each kind can be built."""
    for end in (0, -1):
        values = {
            each.name: type(each.default)(_ends(each)[end]) for each in space_for(family, encoding)
        }
        recipe = recipe_with(own_recipe("tried", family, encoding), values)
        assert _built(recipe)


@pytest.mark.parametrize(("family", "encoding"), KINDS)
def test_the_first_trial_is_what_train_would_do(family: str, encoding: str) -> None:
    """The defaults are those of the network and of the recipe for your own music."""
    usual = own_recipe("tried", family, encoding)
    space = space_for(family, encoding)
    recipe = recipe_with(usual, {each.name: each.default for each in space})
    assert recipe.training == usual.training
    network = type(build_network(family, encoding, {})) if family != "gan" else BarGAN
    defaults = inspect.signature(network).parameters
    for name, value in recipe.network.items():
        default = defaults[name].default
        assert value == (list(default) if isinstance(default, tuple) else default)


@pytest.mark.parametrize(("family", "encoding"), KINDS)
def test_every_default_is_within_its_range(family: str, encoding: str) -> None:
    for each in space_for(family, encoding):
        ends = _ends(each)
        if isinstance(each.distribution, CategoricalDistribution):
            assert each.default in ends
        else:
            assert ends[0] <= each.default <= ends[1]


def test_values_are_sorted_into_network_and_training() -> None:
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


def test_step_families_share_an_objective_and_the_adversarial_one_has_its_own() -> None:
    likelihood, distance = objectives_for(["gan", "lstm", "gru"], "melody")
    assert likelihood.families == ("lstm", "gru")
    assert likelihood.unit == "nats per sixteenth step"
    assert distance.families == ("gan",)
    assert [each.name for each in objectives_for(["gan"], "duo")] == ["distance"]
    assert [each.name for each in objectives_for(["rnn"], "drums")] == ["likelihood"]
