"""The files a command will write: named and tried before any work is done."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from magenta_bridge.errors import InvalidArgumentError
from magenta_bridge.files import ready_folder


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


def _numbered(path: Path, number: int) -> Path:
    return path.with_name(f"{path.stem}-{number}{path.suffix}")


def _numbered_or_none(path: Path | None, number: int) -> Path | None:
    return None if path is None else _numbered(path, number)
