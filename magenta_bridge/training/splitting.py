"""From a corpus to the tunes a model learns, is chosen by and is reported on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from magenta_bridge.errors import TrainingError
from magenta_bridge.training.corpus import CorpusReport, check_corpus, read_corpus
from magenta_bridge.training.families import Split, split_by_family
from magenta_bridge.training.materials import material_for
from magenta_bridge.training.recipe import Recipe
from magenta_bridge.training.tunes import Tune

FEWEST_TUNES: Final = 12


def load_split(recipe: Recipe, corpus: Path, report: CorpusReport | None = None) -> Split:
    """Reads a corpus and deals its tunes to training, validation and test.

    Args:
        recipe: Its ``data`` part names checksum and shares.
        corpus: Folder or archive.
        report: Filled with what was read and refused.

    Raises:
        FileFormatError: It is not the recipe's music, or the archive is damaged.
        NotFoundError: There is nothing at ``corpus``.
        TrainingError: There is too little music to learn from.
    """
    if recipe.data.sha256:
        check_corpus(corpus, recipe.data.sha256)
    return deal(recipe, load_tunes(recipe.bundle.encoding, corpus, report), corpus)


def load_tunes(encoding: str, corpus: Path, report: CorpusReport | None = None) -> list[Tune]:
    """Reads the tunes of a corpus.

    Args:
        encoding: Their encoding.
        corpus: Folder or archive.
        report: Filled with what was read and refused.

    Raises:
        FileFormatError: The archive is damaged.
        NotFoundError: There is nothing at ``corpus``.
        TrainingError: There is too little music.
    """
    kept = report if report is not None else CorpusReport()
    material = material_for(encoding)
    tunes = material.tunes_of(read_corpus(corpus, kept))
    if len(tunes) < FEWEST_TUNES:
        found = f" (from {kept.read} files, {len(kept.refused)} unreadable)"
        raise _too_little(corpus, material.noun, len(tunes), found)
    return tunes


def deal(recipe: Recipe, tunes: Sequence[Tune], corpus: Path) -> Split:
    """Deals tunes to training, validation and test.

    Args:
        recipe: Names seed and shares.
        tunes: Those of the whole corpus.
        corpus: Where they come from, for the message of the error.

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
        raise _too_little(corpus, material_for(recipe.bundle.encoding).noun, len(tunes), "")
    return split


def _too_little(corpus: Path, noun: str, count: int, found: str) -> TrainingError:
    return TrainingError(
        f"{corpus} holds {count} {noun} to learn from{found}; at least {FEWEST_TUNES} different "
        "ones are needed, and a few hundred for good results. Add more music."
    )
