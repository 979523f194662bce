"""Finds the SoundFont that comes with pretty_midi, without importing pretty_midi."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from magenta_bridge.errors import NotFoundError

_FILE_NAME = "TimGM6mb.sf2"


def find_sound_font(given: Path | None = None) -> Path:
    """Returns the SoundFont to play with.

    Args:
        given: A SoundFont of the user's; None for the one that pretty_midi's wheel brings.

    Raises:
        NotFoundError: There is no such file.
    """
    if given is not None:
        if given.is_file():
            return given
        raise NotFoundError(f"There is no SoundFont at {given}; give the path of a .sf2 file.")
    # find_spec reads no code of the package; importing pretty_midi would take a second.
    spec = importlib.util.find_spec("pretty_midi")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        bundled = Path(folder) / _FILE_NAME
        if bundled.is_file():
            return bundled
    raise NotFoundError(
        f"The SoundFont {_FILE_NAME} is missing; run: "
        "pip install --force-reinstall pretty_midi, or name a .sf2 file of your own."
    )
