"""Recipes for one's own music suit its encoding and its size."""

from __future__ import annotations

import numpy as np
import pytest

from magenta_bridge.data.dataset import Tune
from magenta_bridge.data.splits import Split
from magenta_bridge.training.default_recipes import fit_to_size, go_on_from, own_recipe


def _split(steps: int) -> Split:
    tune = Tune("a#0", "", 2, np.zeros(steps, dtype=np.int32))
    return Split(train=[tune], validation=[], test=[])


@pytest.mark.parametrize("family", ["lstm", "gru", "rnn"])
@pytest.mark.parametrize("encoding", ["melody", "drums", "groove", "polyphony", "performance"])
def test_every_encoding_has_settings(family: str, encoding: str) -> None:
    recipe = own_recipe("mine", family, encoding)
    assert (recipe.bundle.family, recipe.bundle.encoding) == (family, encoding)
    assert recipe.bundle.description.endswith("in the manner of your music.")
    assert recipe.training.init_output_bias


def test_little_music_is_learned_more_often_and_in_smaller_batches() -> None:
    recipe = own_recipe("mine", "gru", "melody")
    small, large = (fit_to_size(recipe, _split(n)).training for n in (4_000, 1_000_000))
    assert small.batch < large.batch == recipe.training.batch
    assert small.epochs > large.epochs == recipe.training.epochs
    assert small.patience > large.patience
    assert fit_to_size(recipe, _split(1)).training.epochs == 200


def test_a_trained_network_goes_on_slowly_and_keeps_its_output() -> None:
    recipe = own_recipe("mine", "gru", "melody")
    tuned = go_on_from(recipe, {"units": [8]})
    assert tuned.network == {"units": [8]}
    assert tuned.training.learning_rate < recipe.training.learning_rate
    assert not tuned.training.init_output_bias
