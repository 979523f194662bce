"""A program is served with the weights that its recipe requests."""

from __future__ import annotations

import pytest

from magenta_bridge.data.example import Tune
from magenta_bridge.data.splits import Split
from magenta_bridge.export import quantize
from magenta_bridge.generators.loading import find_bundle
from magenta_bridge.lab import networks
from magenta_bridge.lab.metadata import weights_of
from magenta_bridge.lab.networks import with_weights
from magenta_bridge.recipe import BundleRecipe, ProgramRecipe, Recipe
from magenta_bridge.runtime.program import StepProgram
from tests.models.drawn import draw_ids

PROGRAM = find_bundle("lstm_melody").program.flatbuffer


def _recipe(weights: str) -> Recipe:
    return Recipe(BundleRecipe("tiny", ""), program=ProgramRecipe(weights))


@pytest.fixture(scope="module")
def split() -> Split:
    """Drawn tunes."""
    tunes = [Tune(str(seed), "", 0, draw_ids("melody", 96, seed)) for seed in range(12)]
    return Split(tunes[:8], tunes[8:10], tunes[10:])


def _weights(program: bytes) -> str:
    return weights_of(StepProgram(program).description)


def test_int8_is_kept(split: Split) -> None:
    assert with_weights(PROGRAM, _recipe("int8"), split) is PROGRAM
    assert _weights(PROGRAM) == "int8"


def test_int4_is_stated_in_the_metadata(split: Split) -> None:
    """All other metadata is kept."""
    program = with_weights(PROGRAM, _recipe("int4"), split)
    assert len(program) < 0.7 * len(PROGRAM)
    metadata = StepProgram(PROGRAM).description
    assert StepProgram(program).description == {**metadata, "weights": "int4"}


def test_int4_that_fits_no_matrix_is_not_stated(
    split: Split, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quantize, "_MIN_SHARE", 1.0)
    assert with_weights(PROGRAM, _recipe("int4"), split) is PROGRAM


def test_a_network_that_fits_the_cache_keeps_int8(split: Split) -> None:
    assert with_weights(PROGRAM, _recipe("auto"), split) is PROGRAM


def test_a_larger_network_gets_int4_if_its_loss_hardly_rises(
    split: Split, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is measured on the validation pieces."""
    monkeypatch.setattr(networks, "_CACHE_BYTES", 1000)
    monkeypatch.setattr(networks, "_MAX_LOSS_RATIO", 1.1)
    assert _weights(with_weights(PROGRAM, _recipe("auto"), split)) == "int4"
    monkeypatch.setattr(networks, "_MAX_LOSS_RATIO", 0.5)
    assert with_weights(PROGRAM, _recipe("auto"), split) is PROGRAM
