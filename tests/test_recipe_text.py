"""A recipe survives writing and reading."""

from __future__ import annotations

from pathlib import Path

import pytest

from magenta_bridge.recipe import (
    BundleRecipe,
    DataRecipe,
    Recipe,
    TrainingRecipe,
    read_recipe,
    recipe_text,
)
from tests.architecture.sources import ROOT


def test_values_survive_writing_and_reading(tmp_path: Path) -> None:
    """Quotes, backslashes, line breaks, non-ASCII text, lists, booleans, and numbers."""
    recipe = Recipe(
        bundle=BundleRecipe("tiny", 'Says "no" \\ twice\n\tand \x7fénough: 音楽.', "gru", "drums"),
        data=DataRecipe(name="", validation_share=0.25, test_share=1e-05),
        network={"units": [8, 16], "dropout": 0.0, "attention_steps": 3},
        training=TrainingRecipe(learning_rate=1e-7, transpose=(-3, 0), init_output_bias=True),
    )
    file = tmp_path / "tiny.toml"
    file.write_text(recipe_text(recipe), encoding="utf-8")
    assert read_recipe(file) == recipe


def test_an_empty_network_is_left_out(tmp_path: Path) -> None:
    recipe = Recipe(bundle=BundleRecipe("tiny", "Tiny."))
    file = tmp_path / "tiny.toml"
    file.write_text(recipe_text(recipe), encoding="utf-8")
    assert read_recipe(file) == recipe


@pytest.mark.parametrize("path", sorted((ROOT / "models").glob("*/*.toml")), ids=lambda p: p.stem)
def test_every_shipped_recipe_survives(path: Path, tmp_path: Path) -> None:
    file = tmp_path / path.name
    file.write_text(recipe_text(read_recipe(path)), encoding="utf-8")
    assert read_recipe(file) == read_recipe(path)
