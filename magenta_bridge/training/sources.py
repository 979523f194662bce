"""Public music that recipes name by a word, fetched when it is not at hand."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from magenta_bridge.errors import InvalidArgumentError
from magenta_bridge.training.recipe import DataRecipe

_DOWNLOADS: Final = Path("runs") / "data"


def fetch_corpus(data: DataRecipe) -> Path:
    """Returns a folder with the music a recipe names, fetching what is missing.

    Args:
        data: ``source`` says which music.

    Raises:
        InvalidArgumentError: The recipe names no source.
        UnsupportedError: A program needed for it is missing, or the download failed.
    """
    if data.source == "fiddle":
        from magenta_bridge.training.fiddle import make_fiddle_corpus

        folder = _DOWNLOADS / "fiddle"
        make_fiddle_corpus(folder)
        return folder
    raise InvalidArgumentError(
        "The recipe does not say where its music can be fetched; name a folder or archive."
    )
