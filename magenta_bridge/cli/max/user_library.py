"""Where Live's User Library lies, in which Live looks for devices."""

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
    """Returns the User Library of this user: the one that Live was told of, else the usual one.

    Args:
        home: The user's folder.
        environment: Variables of the process.
        platform: As in ``sys.platform``.

    Raises:
        NotFoundError: There is none, as on systems for which there is no Live.
    """
    for library in _candidates(home, environment, platform):
        if library.is_dir():
            return library
    raise NotFoundError(
        "Live's User Library was not found on this computer; give its folder with --to "
        "(Live shows it under Settings > Library)."
    )


def _candidates(home: Path, environment: Mapping[str, str], platform: str) -> Iterator[Path]:
    if platform == "darwin":
        yield from _chosen(home / "Library" / "Preferences" / "Ableton")
        yield home / "Music" / "Ableton" / "User Library"
    elif platform == "win32":
        roaming = environment.get("APPDATA") or str(home / "AppData" / "Roaming")
        yield from _chosen(Path(roaming) / "Ableton")
        yield home / "Documents" / "Ableton" / "User Library"
        yield home / "OneDrive" / "Documents" / "Ableton" / "User Library"


def _chosen(preferences: Path) -> Iterator[Path]:
    """Yields what Live's own preferences name, those of the newest Live first."""
    versions = sorted(preferences.glob("Live *"), key=_version, reverse=True)
    for folder in versions:
        for file in (folder / "Preferences" / "Library.cfg", folder / "Library.cfg"):
            yield from _named_in(file)


def _version(folder: Path) -> list[int]:
    return [int(number) for number in _NUMBER.findall(folder.name)]


def _named_in(file: Path) -> Iterator[Path]:
    try:
        with file.open("rb") as opened:
            text = opened.read(_PREFERENCES_LIMIT_BYTES).decode("utf-8", errors="replace")
    except OSError:
        return
    for element in _ELEMENT.findall(text):
        for value in _VALUE.findall(element):
            path = Path(html.unescape(value))
            # Other values of the element are numbers and flags, which would be below this folder.
            if path.is_absolute():
                yield path
