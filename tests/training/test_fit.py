"""From a recipe and a corpus to the split that is trained on."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from magenta_bridge.data.corpus import CorpusReport
from magenta_bridge.data.dataset import Tune
from magenta_bridge.data.splits import Split, load_split
from magenta_bridge.errors import FileFormatError, TrainingError
from magenta_bridge.recipe import BundleRecipe, DataRecipe, Recipe
from magenta_bridge.training.fit import build, identity
from tests.data.pieces import write_pieces

RECIPE = Recipe(
    bundle=BundleRecipe(id="tiny", description="Tiny."),
    data=DataRecipe(validation_share=0.3, test_share=0.3),
    network={"units": [8], "embedding_units": 8},
)


def test_corpus_is_split_into_three_parts(tmp_path: Path) -> None:
    """Every melody of a folder is in one part, and no part is empty."""
    write_pieces(tmp_path / "tunes", 24)
    report = CorpusReport()
    split = load_split(RECIPE, tmp_path / "tunes", report)
    assert report.read == 24
    assert not report.refused
    sides = (split.train, split.validation, split.test)
    assert all(sides)
    assert len({tune.name for side in sides for tune in side}) == 24


@pytest.mark.parametrize("count", [0, 1, 11])
def test_too_little_music_says_how_much_is_needed(tmp_path: Path, count: int) -> None:
    """The message counts what was found and names the least number."""
    write_pieces(tmp_path / "tunes", count)
    (tmp_path / "tunes" / "broken.mid").write_bytes(b"not MIDI")
    with pytest.raises(TrainingError, match="at least 12") as caught:
        load_split(RECIPE, tmp_path / "tunes")
    assert f"holds {count} melodies" in caught.value.message
    assert f"from {count} files, 1 unreadable" in caught.value.message


def test_other_music_than_the_recipe_names_is_refused(tmp_path: Path) -> None:
    """A recipe with a digest is trained on its own music, or not at all."""
    write_pieces(tmp_path / "tunes", 24)
    recipe = dataclasses.replace(RECIPE, data=dataclasses.replace(RECIPE.data, sha256="0" * 64))
    with pytest.raises(FileFormatError, match="not the music the recipe was written for"):
        load_split(recipe, tmp_path / "tunes")


def test_network_is_the_recipes() -> None:
    """Its own keyword arguments reach the network."""
    assert build(RECIPE).units == (8,)


def test_identity_holds_what_decides_the_weights() -> None:
    """Another description is the same run; another seed, width or deal of the music is not."""
    one, other = (
        Tune(name, "", 2, np.array([62, 0, 64, 0], dtype=np.int32)) for name in ("one", "other")
    )
    split = Split(train=[one], validation=[other], test=[])
    described = dataclasses.replace(RECIPE.bundle, description="Another sentence.")
    same = identity(RECIPE, split)
    assert identity(dataclasses.replace(RECIPE, bundle=described), split) == same
    for changed in (
        dataclasses.replace(RECIPE, network={"units": [9]}),
        dataclasses.replace(RECIPE, training=dataclasses.replace(RECIPE.training, seed=8)),
    ):
        assert identity(changed, split) != same
    for divided in (
        Split(train=[other], validation=[one], test=[]),
        Split(train=[one], validation=[], test=[other]),
        Split(train=[dataclasses.replace(one, meter=3)], validation=[other], test=[]),
    ):
        assert identity(RECIPE, divided) != same


def test_weights_that_are_not_numbers_are_refused(tmp_path: Path) -> None:
    network = build(RECIPE)
    network.set_weights([np.full_like(each, np.nan) for each in network.get_weights()])
    path = tmp_path / "network.keras"
    network.save(path)
    with pytest.raises(TrainingError, match="not finite numbers"):
        build(RECIPE, path.read_bytes())
