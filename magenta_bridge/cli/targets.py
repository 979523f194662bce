"""The files a command will write: named and tried before any work is done."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from magenta_bridge.errors import InvalidArgumentError, NotFoundError


@dataclass(frozen=True)
class Targets:
    """Where one variation goes.

    Attributes:
        clip: The MIDI file.
        picture: The piano roll, a PNG file; None for none.
        sound: The recording, a WAV file; None for none.
    """

    clip: Path
    picture: Path | None
    sound: Path | None


def plan_targets(
    clip: Path, picture: Path | None, sound: Path | None, variations: int
) -> list[Targets]:
    """Returns the files of each variation; several variations are numbered ``-1``, ``-2``.

    Raises:
        InvalidArgumentError: A suffix does not fit, or two files are one and the same.
        NotFoundError: A folder cannot be made or takes no files.
    """
    from magenta_bridge.formats import suffixes

    _check_suffix(clip, suffixes())
    _check_suffix(picture, [".png"])
    _check_suffix(sound, [".wav"])
    for folder in {path.parent for path in (clip, picture, sound) if path is not None}:
        ready_folder(folder)
    if variations == 1:
        return [Targets(clip, picture, sound)]
    return [
        Targets(_numbered(clip, n), _numbered_or_none(picture, n), _numbered_or_none(sound, n))
        for n in range(1, variations + 1)
    ]


def _check_suffix(path: Path | None, known: Iterable[str]) -> None:
    if path is None:
        return
    if path.suffix.lower() not in known:
        raise InvalidArgumentError(f"{path} must end in {' or '.join(known)}.")
    if path.is_dir():
        raise InvalidArgumentError(f"{path} is a folder; give the name of a file in it.")


def ready_folder(folder: Path) -> None:
    """Makes sure that files can be written into a folder, which is made when it is missing.

    Raises:
        NotFoundError: It cannot be made, or takes no files.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise NotFoundError(
            f"The folder {folder} cannot be made ({error.strerror}); choose another one."
        ) from error
    try:
        # Permission bits tell little on Windows and network drives; trying tells all.
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise NotFoundError(
            f"The folder {folder} takes no files ({error.strerror}); choose another one."
        ) from error


def _numbered(path: Path, number: int) -> Path:
    return path.with_name(f"{path.stem}-{number}{path.suffix}")


def _numbered_or_none(path: Path | None, number: int) -> Path | None:
    return None if path is None else _numbered(path, number)
