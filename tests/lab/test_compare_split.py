"""What bundles are compared on is new to all of them."""

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
from magenta_bridge.lab.compare_split import shared_split
from magenta_bridge.recipe import BundleRecipe, DataRecipe, Recipe, TrainingRecipe
from tests.cli.program import ROOT

TUNES = ROOT / "tests" / "data" / "midi" / "tunes"


@dataclass(frozen=True)
class _Described:
    """As much of a bundle as tells what it learned from."""

    id: str
    traits: Mapping[str, Any]


def _bundle(seed: int, share: float, sha256: str) -> Bundle:
    split = {"seed": seed, "validation_share": 0.2, "test_share": share, "sha256": sha256}
    traits = {"family": "lstm", "encoding": "melody", "split": split}
    return cast(Bundle, _Described(f"seed {seed}", traits))


def _test_names(seed: int, share: float) -> set[str]:
    recipe = Recipe(
        BundleRecipe("x", ""),
        DataRecipe(validation_share=0.2, test_share=share),
        training=TrainingRecipe(seed=seed),
    )
    dealt = deal(recipe, load_tunes("melody", TUNES), TUNES)
    return {tune.name for tune in dealt.test}


def _names(bundles: list[Bundle]) -> tuple[set[str], set[str], set[str]]:
    split = shared_split(bundles, TUNES, CorpusReport()).split
    train, validation, test = (
        {tune.name for tune in side} for side in (split.train, split.validation, split.test)
    )
    assert len(train | validation | test) == len(train) + len(validation) + len(test)
    return train, validation, test


def test_of_music_that_was_learned_only_what_all_held_out_counts() -> None:
    own = digest_of(TUNES)
    _, _, test = _names([_bundle(1, 0.5, own), _bundle(2, 0.5, own)])
    assert test == _test_names(1, 0.5) & _test_names(2, 0.5)
    _, _, alone = _names([_bundle(1, 0.5, own), _bundle(2, 0.5, "another")])
    assert alone == _test_names(1, 0.5)


def test_music_that_nobody_heard_is_held_out_in_half() -> None:
    ground = shared_split([_bundle(1, 0.05, "a"), _bundle(2, 0.05, "b")], TUNES, CorpusReport())
    assert ground.heard == [False, False]
    assert len(ground.split.test) >= 8


def test_a_bundle_that_does_not_tell_is_taken_to_have_heard_it() -> None:
    ground = shared_split([_bundle(1, 0.5, ""), _bundle(2, 0.5, "b")], TUNES, CorpusReport())
    assert ground.heard == [None, False]
    assert {tune.name for tune in ground.split.test} == _test_names(1, 0.5)


def test_where_nothing_is_new_to_all_that_is_said() -> None:
    own = digest_of(TUNES)
    seeds = [n for n in range(40) if not _test_names(1, 0.1) & _test_names(n, 0.1)]
    with pytest.raises(UnsupportedError, match="no piece of it is new to all of them"):
        shared_split(
            [_bundle(1, 0.1, own), _bundle(seeds[0], 0.1, own)], Path(TUNES), CorpusReport()
        )
