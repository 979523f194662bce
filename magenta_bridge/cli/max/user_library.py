"""Find Live's User Library, where Live looks for devices."""

from __future__ import annotations

import html
import os
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from magenta_bridge.errors import NotFoundError

_ELEMENT: Final = re.compile(r"<UserLibrary\b.*?</UserLibrary>", re.DOTALL)
_VALUE: Final = re.compile(r'\bValue="([^"]+)"')
_NUMBER: Final = re.compile(r"\d+")
_PREFERENCES_LIMIT_BYTES: Final = 4 << 20


def find_user_library(
    home: Path, environment: Mapping[str, str] = os.environ, platform: str = sys.platform
) -> Path:
    """Return the user's library: the one in Live's preferences, else the default one.

    Args:
        home: The user's home folder.
        environment: Environment variables.
        platform: As in ``sys.platform``.

    Raises:
        NotFoundError: No library exists, as on systems that Live does not support.
    """
    for library in _candidates(home, environment, platform):
        if library.is_dir():
            return library
    raise NotFoundError(
        "Live's User Library was not found. Give its folder with --to (Live shows it in "
        "Settings > Library)."
    )


def _candidates(home: Path, environment: Mapping[str, str], platform: str) -> Iterator[Path]:
    if platform == "darwin":
        yield from _from_preferences(home / "Library" / "Preferences" / "Ableton")
        yield home / "Music" / "Ableton" / "User Library"
    elif platform == "win32":
        roaming = environment.get("APPDATA") or str(home / "AppData" / "Roaming")
        yield from _from_preferences(Path(roaming) / "Ableton")
        yield home / "Documents" / "Ableton" / "User Library"
        yield home / "OneDrive" / "Documents" / "Ableton" / "User Library"


def _from_preferences(preferences: Path) -> Iterator[Path]:
    """Yield the libraries in Live's preferences, starting with the newest version of Live."""
    versions = sorted(preferences.glob("Live *"), key=_version, reverse=True)
    for folder in versions:
        for file in (folder / "Preferences" / "Library.cfg", folder / "Library.cfg"):
            yield from _paths_in(file)


def _version(folder: Path) -> list[int]:
    return [int(number) for number in _NUMBER.findall(folder.name)]


def _paths_in(file: Path) -> Iterator[Path]:
    try:
        with file.open("rb") as opened:
            text = opened.read(_PREFERENCES_LIMIT_BYTES).decode("utf-8", errors="replace")
    except OSError:
        return
    for element in _ELEMENT.findall(text):
        for value in _VALUE.findall(element):
            path = Path(html.unescape(value))
            # The other values of the element are numbers and flags.
            if path.is_absolute():
                yield path
