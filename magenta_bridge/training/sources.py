"""Public music that recipes name by a word, fetched when it is not at hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from magenta_bridge.errors import InvalidArgumentError
from magenta_bridge.training.fiddle import make_fiddle_corpus
from magenta_bridge.training.recipe import DataRecipe

_DOWNLOADS: Final = Path("runs") / "data"
_TOLD_EVERY: Final = 500


def fetch_corpus(data: DataRecipe, say: Callable[[str], None]) -> Path:
    """Returns a folder with the music a recipe names, fetching what is missing.

    Args:
        data: ``source`` says which music.
        say: Told in words how far it has come.

    Raises:
        InvalidArgumentError: The recipe names no source.
        UnsupportedError: A program needed for it is missing.
        TrainingError: The download failed.
    """

    def report(done: int, total: int) -> None:
        if done % _TOLD_EVERY == 0 or done == total:
            say(f"Fiddle tunes at hand: {done} of {total}")

    if data.source == "fiddle":
        folder = _DOWNLOADS / "fiddle"
        make_fiddle_corpus(folder, report=report)
        return folder
    raise InvalidArgumentError(
        "The recipe does not say where its music can be fetched; name a folder or archive."
    )
