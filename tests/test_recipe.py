"""Recipes are parsed; errors name the file and the field."""

from __future__ import annotations

from pathlib import Path

import pytest

from magenta_bridge.errors import InvalidArgumentError, LimitExceededError, NotFoundError
from magenta_bridge.recipe import TrainingRecipe, as_table, read_recipe

GOOD = """
[bundle]
id = "reels"
description = "Reels."

[data]
source = "fiddle"
test_share = 0

[network]
units = [8, 8]

[training]
learning_rate = 1e-2
transpose = [-2, 3]
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The path of the test's recipe."""
    return tmp_path / "recipe.toml"


def test_a_valid_recipe(file: Path) -> None:
    """Given values are used; others have defaults."""
    file.write_text(GOOD, encoding="utf-8")
    recipe = read_recipe(file)
    assert (recipe.bundle.id, recipe.bundle.family) == ("reels", "lstm")
    assert (recipe.data.source, recipe.data.test_share) == ("fiddle", 0.0)
    assert isinstance(recipe.data.test_share, float)
    assert recipe.network == {"units": [8, 8]}
    assert recipe.training == TrainingRecipe(learning_rate=1e-2, transpose=(-2, 3))
    assert as_table(recipe)["training"]["transpose"] == (-2, 3)
    assert recipe.program.weights == "auto"


def test_included_recipes_are_valid(repository: Path) -> None:
    """Every recipe in the repository is valid."""
    recipes = sorted((repository / "models").glob("*/*.toml"))
    assert recipes
    for recipe in recipes:
        assert read_recipe(recipe).bundle.id == recipe.stem


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("no TOML at all", "not a recipe in TOML", id="not TOML"),
        pytest.param("\x00\x01", "not a recipe in TOML", id="binary"),
        pytest.param("", r"\[bundle\] lacks id", id="empty"),
        pytest.param('[bundle]\nid = "x"', r"\[bundle\] lacks description", id="no description"),
        pytest.param(GOOD + "epoch = 3", r"\[training\] has no key 'epoch'.*epochs", id="key"),
        pytest.param(GOOD + "[trainning]\n", r"'trainning' is not a section", id="section"),
        pytest.param("bundle = 3", "'bundle' is not a section", id="not a table"),
        pytest.param(GOOD + 'epochs = "3"', "epochs must be a whole number", id="text"),
        pytest.param(GOOD + "epochs = true", "epochs must be a whole number", id="truth"),
        pytest.param(GOOD + "batch = 0", "batch must be 1 to 1,000,000, got 0", id="no batch"),
        pytest.param(GOOD.replace("1e-2", "-1"), "learning_rate must be above 0", id="rate"),
        pytest.param(GOOD.replace("[-2, 3]", "[3, -2]"), "transpose must be", id="upside down"),
        pytest.param(GOOD.replace("[-2, 3]", "[1.5, 2]"), "transpose must be", id="half tones"),
        pytest.param(GOOD.replace("= 0\n", "= 0.95\n"), "below 1 together", id="no training left"),
        pytest.param(GOOD + '[program]\nweights = "int3"', "one of auto, int8, int4", id="bits"),
        pytest.param(
            '[bundle]\nid = "x"\ndescription = "X."\nfamily = "gan"\n[program]\nweights = "int4"',
            "not available for the family gan",
            id="int4 gan",
        ),
    ],
)
def test_an_invalid_recipe(file: Path, text: str, said: str) -> None:
    """The error names the file and what is wrong in it."""
    file.write_text(text, encoding="utf-8")
    with pytest.raises(InvalidArgumentError, match=said) as caught:
        read_recipe(file)
    assert str(file) in caught.value.message


@pytest.mark.parametrize(
    ("line", "error", "said"),
    [
        ("[training]\nlearning_rate = nan", InvalidArgumentError, "learning_rate must be finite"),
        ("[training]\nlearning_rate = inf", InvalidArgumentError, "learning_rate must be finite"),
        ("[data]\ntest_share = nan", InvalidArgumentError, "test_share must be finite"),
        ("[network]\ndropout = nan", InvalidArgumentError, "dropout must be finite"),
        ("[network]\nunits = [60000, 60000]", LimitExceededError, "units"),
        ("[network]\nunits = [8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8]",
         LimitExceededError, "units"),
        ("[training]\nlearning_rate = " + 401 * "9", InvalidArgumentError, "learning_rate must be"),
        ("[training]\nepochs = " + 5_001 * "9", InvalidArgumentError, "not a recipe in TOML"),
        ("[training]\nbatch = 1000000000", InvalidArgumentError, "batch must be 1 to"),
        ("[training]\nseed = -1", InvalidArgumentError, "seed must be 0 to"),
        ("[training]\ntranspose = [-1000000, 1000000]", InvalidArgumentError, "semitones"),
        ("[network]\nunits = [[60000]]", InvalidArgumentError, "units must be a number"),
        ("[network]\nunits = {a = 60000}", InvalidArgumentError, "units must be a number"),
        ("[network]\nattention_steps = 9999999999", LimitExceededError, "attention_steps"),
        ("[network]\nunits = " + 5_000 * "[" + 5_000 * "]", InvalidArgumentError, "brackets"),
        ("#" + (1 << 20) * " ", LimitExceededError, "recipe size"),
    ],
)  # fmt: skip
def test_a_recipe_that_cannot_be_trained_is_refused_before_any_work(
    file: Path, line: str, error: type[Exception], said: str
) -> None:
    file.write_text(f'[bundle]\nid = "a"\ndescription = "b"\n{line}', encoding="utf-8")
    with pytest.raises(error, match=said):
        read_recipe(file)


def test_a_missing_recipe(tmp_path: Path) -> None:
    """The file does not exist, or is a folder."""
    with pytest.raises(NotFoundError, match="No such file"):
        read_recipe(tmp_path / "none.toml")
    with pytest.raises(NotFoundError, match="Cannot read the recipe"):
        read_recipe(tmp_path)
