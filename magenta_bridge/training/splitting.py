"""From a corpus to the tunes a model learns, is chosen by and is reported on."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from magenta_bridge.errors import TrainingError
from magenta_bridge.training.corpus import CorpusReport, check_corpus, read_corpus
from magenta_bridge.training.families import Split, split_by_family
from magenta_bridge.training.materials import material_for
from magenta_bridge.training.recipe import Recipe

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
    kept = report if report is not None else CorpusReport()
    material = material_for(recipe.bundle.encoding)
    tunes = material.tunes_of(read_corpus(corpus, kept))
    split = split_by_family(
        tunes,
        validation_share=recipe.data.validation_share,
        test_share=recipe.data.test_share,
        seed=recipe.training.seed,
    )
    if len(tunes) < FEWEST_TUNES or not all((split.train, split.validation, split.test)):
        raise TrainingError(
            f"{corpus} holds {len(tunes)} {material.noun} to learn from (from {kept.read} files, "
            f"{len(kept.refused)} unreadable); at least {FEWEST_TUNES} different ones are needed, "
            "and a few hundred for good results. Add more music."
        )
    return split
