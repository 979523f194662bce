"""The grouped split of a dataset: all settings of a tune are on one side.

The same folk tune is in several books under one title, and in one book under several titles. A
split by file would test a model on training tunes.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from magenta_bridge.data.corpus import CorpusReport, check_corpus, read_corpus
from magenta_bridge.data.dataset import Tune, dataset_for
from magenta_bridge.errors import TrainingError
from magenta_bridge.recipe import Recipe

_SHARED_INTERVALS = 14
_SPRAWLING = 20
_COMMON_TITLE = 20
_FILLER = re.compile(r"\b(the|a|an|or|no|reel|jig|hornpipe|strathspey|march|setting|version)\b")


@dataclass(frozen=True)
class Split:
    """Training, validation, and test tunes."""

    train: list[Tune]
    validation: list[Tune]
    test: list[Tune]


def tune_families(tunes: Sequence[Tune]) -> list[int]:
    """Return a family number for each tune.

    Two tunes belong to one family if their titles agree except for articles, dance names, case,
    and punctuation, or if they share a run of 14 successive intervals in any key. A title of many
    pieces ("Piano", "Track 1") is the name of a part and is ignored.
    """
    parents = list(range(len(tunes)))
    seen: dict[Hashable, int] = {}
    common = _common_titles(tunes)
    for index, tune in enumerate(tunes):
        for trait in _traits(tune) - common:
            _join(parents, index, seen.setdefault(trait, index))
    return [_root(parents, index) for index in range(len(tunes))]


def _common_titles(tunes: Sequence[Tune]) -> set[Hashable]:
    """Return the plain titles of more than 20 pieces, or of a quarter of a small corpus."""
    titles = {_piece(tune): _plain_title(tune) for tune in tunes}
    most = max(2, min(_COMMON_TITLE, len(titles) // 4))
    return {title for title, count in Counter(titles.values()).items() if count > most}


def _plain_title(tune: Tune) -> str:
    return " ".join(_FILLER.sub(" ", re.sub(r"[^a-z ]", "", tune.title.lower())).split())


def _piece(tune: Tune) -> str:
    return tune.name.rpartition("#")[0]


def _traits(tune: Tune) -> set[Hashable]:
    title = _plain_title(tune)
    traits: set[Hashable] = {title} if len(title) > 3 else set()
    traits.add(("piece", _piece(tune)))
    intervals = np.diff(tune.pitches).tolist()
    for start in range(len(intervals) - _SHARED_INTERVALS + 1):
        run = tuple(intervals[start : start + _SHARED_INTERVALS])
        if len(set(run)) > 4:  # scales and drones are too common
            traits.add(run)
    return traits


def _root(parents: list[int], index: int) -> int:
    while parents[index] != index:
        parents[index] = parents[parents[index]]
        index = parents[index]
    return index


def _join(parents: list[int], one: int, other: int) -> None:
    parents[_root(parents, one)] = _root(parents, other)


def split_by_family(
    tunes: Sequence[Tune], *, validation_share: float, test_share: float, seed: int
) -> Split:
    """Split tunes by family, reproducibly.

    Args:
        tunes: All tunes, in a reproducible order.
        validation_share: Share of the families for validation, 0..1.
        test_share: Share of the families for the test, 0..1.
        seed: Seed of the split.
    """
    members: dict[int, list[Tune]] = defaultdict(list)
    for tune, family in zip(tunes, tune_families(tunes), strict=True):
        members[family].append(tune)
    sides = Split([], [], [])
    for settings in members.values():
        draw = _draw(seed, settings)
        # A very large family goes to training.
        if draw < test_share and len(settings) < _SPRAWLING:
            sides.test.extend(settings)
        elif draw < test_share + validation_share and len(settings) < _SPRAWLING:
            sides.validation.extend(settings)
        else:
            sides.train.extend(settings)
    _fill_empty_sides(sides, list(members.values()), seed)
    return sides


def _fill_empty_sides(sides: Split, families: list[list[Tune]], seed: int) -> None:
    """Move one family to each empty side, as in small folders."""
    for side in (sides.test, sides.validation):
        in_training = [family for family in families if family[0] in sides.train]
        if side or len(in_training) < 2:
            continue
        moved = min(in_training, key=lambda family: _draw(seed, family))
        side.extend(moved)
        for tune in moved:
            sides.train.remove(tune)


def _draw(seed: int, family: Sequence[Tune]) -> float:
    """Return a number in 0..1 that depends only on the seed and the family's first name."""
    name = min(tune.name for tune in family)
    digest = hashlib.sha256(f"{seed}/{name}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


FEWEST_TUNES: Final = 12


def load_split(recipe: Recipe, corpus: Path, report: CorpusReport | None = None) -> Split:
    """Read and split a corpus.

    Args:
        recipe: Its ``data`` part contains checksum and shares.
        corpus: Folder or archive.
        report: Updated while reading.

    Raises:
        FileFormatError: The checksum differs, or the archive is damaged.
        NotFoundError: ``corpus`` does not exist.
        TrainingError: There are too few tunes.
    """
    if recipe.data.sha256:
        check_corpus(corpus, recipe.data.sha256)
    return deal(recipe, load_tunes(recipe.bundle.encoding, corpus, report), corpus)


def load_tunes(encoding: str, corpus: Path, report: CorpusReport | None = None) -> list[Tune]:
    """Read the tunes of a corpus, which is a folder or archive.

    Raises:
        FileFormatError: The archive is damaged.
        NotFoundError: ``corpus`` does not exist.
        TrainingError: There are too few tunes.
    """
    kept = report if report is not None else CorpusReport()
    dataset = dataset_for(encoding)
    tunes = dataset.tunes_of(read_corpus(corpus, kept))
    if len(tunes) < FEWEST_TUNES:
        found = f" (from {kept.read} files, {len(kept.refused)} unreadable)"
        raise _too_little(corpus, dataset.noun, len(tunes), found)
    return tunes


def deal(recipe: Recipe, tunes: Sequence[Tune], corpus: Path) -> Split:
    """Split the tunes of a corpus by the recipe's seed and shares.

    Raises:
        TrainingError: A side stays empty.
    """
    split = split_by_family(
        tunes,
        validation_share=recipe.data.validation_share,
        test_share=recipe.data.test_share,
        seed=recipe.training.seed,
    )
    if not all((split.train, split.validation, split.test)):
        raise _too_little(corpus, dataset_for(recipe.bundle.encoding).noun, len(tunes), "")
    return split


def _too_little(corpus: Path, noun: str, count: int, found: str) -> TrainingError:
    return TrainingError(
        f"{corpus} holds {count} {noun} to learn from{found}; at least {FEWEST_TUNES} different "
        "ones are needed, and a few hundred for good results. Add more music."
    )
