"""Music that is new to all of several bundles, and music to hold it against."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from magenta_bridge.data.corpus import CorpusReport, digest_of
from magenta_bridge.data.splits import Split, deal, load_tunes
from magenta_bridge.errors import UnsupportedError
from magenta_bridge.generators.bundle import Bundle
from magenta_bridge.lab.held_out import recipe_of_split
from magenta_bridge.recipe import DataRecipe, Recipe

# Music that no bundle has heard need not be kept for learning: much of it is held out.
_FOREIGN: Final = DataRecipe(validation_share=0.1, test_share=0.5)


@dataclass(frozen=True)
class SharedSplit:
    """What bundles are compared on.

    Attributes:
        split: The test side is new to all bundles.
        heard: Whether each bundle learned from this music; None where it does not tell.
        sha256: Digest of the music.
    """

    split: Split
    heard: list[bool | None]
    sha256: str


def shared_split(bundles: Sequence[Bundle], data: Path, report: CorpusReport) -> SharedSplit:
    """Reads music and deals it out so that no bundle has heard the test side.

    Args:
        bundles: Bundles of one encoding.
        data: The music.
        report: Filled with what was read and refused.

    Raises:
        MagentaBridgeError: The music cannot be used, or nothing is new to all of them.
    """
    recipes = [recipe_of_split(bundle.id, bundle.traits) for bundle in bundles]
    digest = digest_of(data)
    heard = [_has_heard(recipe, digest) for recipe in recipes]
    tunes = load_tunes(recipes[0].bundle.encoding, data, report)
    ways = {
        (recipe.training.seed, recipe.data.validation_share, recipe.data.test_share): recipe
        for recipe, known in zip(recipes, heard, strict=True)
        if known is not False
    }
    splitters = list(ways.values()) or [replace(recipes[0], data=_FOREIGN)]
    splits = [deal(recipe, tunes, data) for recipe in splitters]
    return SharedSplit(_new_to_all(splits, data), heard, digest)


def _has_heard(recipe: Recipe, digest: str) -> bool | None:
    return recipe.data.sha256 == digest if recipe.data.sha256 else None


def _new_to_all(splits: Sequence[Split], data: Path) -> Split:
    """Returns what all splits agree on to hold out and to learn from; the rest is validation."""
    first, *others = splits
    if not others:
        return first
    tests, trains = (
        [{tune.name for tune in getattr(split, side)} for split in splits]
        for side in ("test", "train")
    )
    held, learned = set.intersection(*tests), set.intersection(*trains)
    tunes = [*first.train, *first.validation, *first.test]
    common = Split(
        train=[tune for tune in tunes if tune.name in learned],
        validation=[tune for tune in tunes if tune.name not in held | learned],
        test=[tune for tune in tunes if tune.name in held],
    )
    if not common.test or not common.train:
        raise UnsupportedError(
            f"These bundles were trained on different parts of {data}, so that no piece of it is "
            "new to all of them; give music that none of them has heard."
        )
    return common
