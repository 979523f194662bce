"""A program is served with the weights that its recipe asks for."""

from __future__ import annotations

import pytest

from magenta_bridge.data.dataset import Tune
from magenta_bridge.data.splits import Split
from magenta_bridge.export import quantize
from magenta_bridge.generators.loading import find_bundle
from magenta_bridge.lab import precision as program_weights
from magenta_bridge.lab.precision import weights_of, with_weights
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


def test_eight_bits_are_left_as_they_are(split: Split) -> None:
    assert with_weights(PROGRAM, _recipe("int8"), split) is PROGRAM
    assert _weights(PROGRAM) == "int8"


def test_four_bits_are_told_with_the_program(split: Split) -> None:
    """Beside all else that it says of itself."""
    program = with_weights(PROGRAM, _recipe("int4"), split)
    assert len(program) < 0.7 * len(PROGRAM)
    told = StepProgram(PROGRAM).description
    assert StepProgram(program).description == {**told, "weights": "int4"}


def test_four_bits_that_no_matrix_can_have_are_not_told(
    split: Split, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quantize, "_MIN_SHARE", 1.0)
    assert with_weights(PROGRAM, _recipe("int4"), split) is PROGRAM


def test_a_network_that_fits_the_cache_keeps_eight_bits(split: Split) -> None:
    assert with_weights(PROGRAM, _recipe("auto"), split) is PROGRAM


def test_a_larger_one_gets_four_where_that_costs_little(
    split: Split, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is measured on the validation pieces."""
    monkeypatch.setattr(program_weights, "_CACHE_BYTES", 1000)
    monkeypatch.setattr(program_weights, "_MOST_LOSS", 1.1)
    assert _weights(with_weights(PROGRAM, _recipe("auto"), split)) == "int4"
    monkeypatch.setattr(program_weights, "_MOST_LOSS", 0.5)
    assert with_weights(PROGRAM, _recipe("auto"), split) is PROGRAM
