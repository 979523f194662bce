"""Inputs of a comparison: the bundles, and music that is held out from all of them."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from magenta_bridge.data.corpus import CorpusReport, digest_of
from magenta_bridge.data.splits import Split, deal, load_tunes
from magenta_bridge.errors import InvalidArgumentError, UnsupportedError
from magenta_bridge.generators.bundle import Bundle, read_bundle
from magenta_bridge.generators.generator import SequenceGenerator
from magenta_bridge.generators.loading import find_bundle_file, load_generator
from magenta_bridge.lab.metadata import recipe_of_split
from magenta_bridge.recipe import DataRecipe

_PNG: Final = b"\x89PNG\r\n\x1a\n"
# Shares for music that no bundle was trained on: half of it can be held out.
_NEW_MUSIC: Final = DataRecipe(validation_share=0.1, test_share=0.5)


@dataclass(frozen=True)
class Entry:
    """One bundle, loaded.

    Attributes:
        name: Its name in the report, unique.
        path: Its file.
        bundle: Content of the file.
        generator: The generator, loaded from the file.
        sha256: Digest of the file, hexadecimal.
        curve: The learning curve beside the file, PNG; None if there is none.
    """

    name: str
    path: Path
    bundle: Bundle
    generator: SequenceGenerator
    sha256: str
    curve: bytes | None


def read_entries(names: Sequence[str | Path]) -> list[Entry]:
    """Load the bundles of a comparison.

    Raises:
        NotFoundError: A bundle does not exist.
        BundleError: A bundle is damaged.
        InvalidArgumentError: There are fewer than two, two are the same, or their encodings
            differ.
    """
    if len(names) < 2:
        raise InvalidArgumentError("Name at least two bundles.")
    paths = [find_bundle_file(str(Path(name).expanduser())) for name in names]
    digests = [hashlib.sha256(path.read_bytes()).hexdigest() for path in paths]
    for index, digest in enumerate(digests):
        first = digests.index(digest)
        if first < index:
            raise InvalidArgumentError(
                f"{names[first]} and {names[index]} are the same bundle; name each one once."
            )
    bundles = [read_bundle(path) for path in paths]
    first_encoding = bundles[0].traits.get("encoding")
    for other in bundles[1:]:
        if other.traits.get("encoding") != first_encoding:
            raise InvalidArgumentError(
                f"{bundles[0].id} has the encoding {first_encoding}, {other.id} has "
                f"{other.traits.get('encoding')}; name bundles of one encoding."
            )
    return [
        Entry(name, path, bundle, load_generator(path), digest, _curve_beside(path))
        for name, path, bundle, digest in zip(
            _unique_names(bundles, paths), paths, bundles, digests, strict=True
        )
    ]


def _unique_names(bundles: Sequence[Bundle], paths: Sequence[Path]) -> list[str]:
    """Return the ids, with the name of the file appended to equal ones."""
    counts = Counter(bundle.id for bundle in bundles)
    names = [
        bundle.id if counts[bundle.id] == 1 else f"{bundle.id} ({path.stem})"
        for bundle, path in zip(bundles, paths, strict=True)
    ]
    again = Counter(names)
    return [
        name if again[name] == 1 else f"{name} {number}"
        for number, name in enumerate(names, start=1)
    ]


def _curve_beside(path: Path) -> bytes | None:
    try:
        data = path.with_suffix(".png").read_bytes()
    except OSError:
        return None
    return data if data.startswith(_PNG) else None


@dataclass(frozen=True)
class SharedSplit:
    """The music of a comparison.

    Attributes:
        split: The music; its test side is held out from all bundles.
        trained_on: Whether each bundle was trained on this music; None if it does not state it.
        sha256: Digest of the music.
    """

    split: Split
    trained_on: list[bool | None]
    sha256: str


def shared_split(bundles: Sequence[Bundle], data: Path, report: CorpusReport) -> SharedSplit:
    """Read music and split it so that no bundle was trained on the test side.

    Raises:
        MagentaBridgeError: The music cannot be used, or nothing is held out from all bundles.
    """
    recipes = [recipe_of_split(bundle.id, bundle.traits) for bundle in bundles]
    digest = digest_of(data)
    trained_on = [
        recipe.data.sha256 == digest if recipe.data.sha256 else None for recipe in recipes
    ]
    tunes = load_tunes(recipes[0].bundle.encoding, data, report)
    splitters = {
        (recipe.training.seed, recipe.data.validation_share, recipe.data.test_share): recipe
        for recipe, known in zip(recipes, trained_on, strict=True)
        if known is not False
    }.values() or [replace(recipes[0], data=_NEW_MUSIC)]
    splits = [deal(recipe, tunes, data) for recipe in splitters]
    return SharedSplit(_held_out_from_all(splits, data), trained_on, digest)


def _held_out_from_all(splits: Sequence[Split], data: Path) -> Split:
    """Return the common test and training pieces of all splits; the rest is validation."""
    first, *others = splits
    if not others:
        return first
    tests, trains = (
        [{tune.name for tune in getattr(split, side)} for split in splits]
        for side in ("test", "train")
    )
    test, train = set.intersection(*tests), set.intersection(*trains)
    tunes = [*first.train, *first.validation, *first.test]
    common = Split(
        train=[tune for tune in tunes if tune.name in train],
        validation=[tune for tune in tunes if tune.name not in test | train],
        test=[tune for tune in tunes if tune.name in test],
    )
    if not common.test or not common.train:
        raise UnsupportedError(
            f"These bundles were trained on different parts of {data}, so no piece is held out "
            "from all of them; use music that none of them was trained on."
        )
    return common
