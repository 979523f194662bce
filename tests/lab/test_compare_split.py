"""Bundles are compared on music that is held out from all of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest

from magenta_bridge.data.corpus import CorpusReport, digest_of
from magenta_bridge.data.splits import deal, load_tunes
from magenta_bridge.errors import UnsupportedError
from magenta_bridge.generators.bundle import Bundle
from magenta_bridge.lab.comparison import shared_split
from magenta_bridge.recipe import BundleRecipe, DataRecipe, Recipe, TrainingRecipe
from tests.cli.program import ROOT

TUNES = ROOT / "tests" / "data" / "midi" / "tunes"


@dataclass(frozen=True)
class _Described:
    """The part of a bundle that states its training data."""

    id: str
    metadata: Mapping[str, Any]


def _bundle(seed: int, share: float, sha256: str) -> Bundle:
    split = {"seed": seed, "validation_share": 0.2, "test_share": share, "sha256": sha256}
    metadata = {"family": "lstm", "encoding": "melody", "split": split}
    return cast(Bundle, _Described(f"seed {seed}", metadata))


def _test_names(seed: int, share: float) -> set[str]:
    recipe = Recipe(
        BundleRecipe("x", ""),
        DataRecipe(validation_share=0.2, test_share=share),
        training=TrainingRecipe(seed=seed),
    )
    split = deal(recipe, load_tunes("melody", TUNES), TUNES)
    return {tune.name for tune in split.test}


def _names(bundles: list[Bundle]) -> tuple[set[str], set[str], set[str]]:
    split = shared_split(bundles, TUNES, CorpusReport()).split
    train, validation, test = (
        {tune.name for tune in side} for side in (split.train, split.validation, split.test)
    )
    assert len(train | validation | test) == len(train) + len(validation) + len(test)
    return train, validation, test


def test_of_known_music_only_pieces_that_all_held_out_are_scored() -> None:
    own = digest_of(TUNES)
    _, _, test = _names([_bundle(1, 0.5, own), _bundle(2, 0.5, own)])
    assert test == _test_names(1, 0.5) & _test_names(2, 0.5)
    _, _, alone = _names([_bundle(1, 0.5, own), _bundle(2, 0.5, "another")])
    assert alone == _test_names(1, 0.5)


def test_half_of_new_music_is_held_out() -> None:
    shared = shared_split([_bundle(1, 0.05, "a"), _bundle(2, 0.05, "b")], TUNES, CorpusReport())
    assert shared.trained_on == [False, False]
    assert len(shared.split.test) >= 8


def test_a_bundle_without_a_digest_counts_as_trained_on_the_music() -> None:
    shared = shared_split([_bundle(1, 0.5, ""), _bundle(2, 0.5, "b")], TUNES, CorpusReport())
    assert shared.trained_on == [None, False]
    assert {tune.name for tune in shared.split.test} == _test_names(1, 0.5)


def test_music_of_which_nothing_is_held_out_from_all_is_refused() -> None:
    own = digest_of(TUNES)
    seeds = [n for n in range(40) if not _test_names(1, 0.1) & _test_names(n, 0.1)]
    with pytest.raises(UnsupportedError, match="no piece is held out"):
        shared_split(
            [_bundle(1, 0.1, own), _bundle(seeds[0], 0.1, own)], Path(TUNES), CorpusReport()
        )
