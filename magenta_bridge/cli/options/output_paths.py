"""The files that a command will write, checked before it starts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from magenta_bridge.errors import InvalidArgumentError
from magenta_bridge.files import ready_folder


@dataclass(frozen=True)
class Targets:
    """The files of one variation.

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
    """Return the files of each variation; several variations are numbered ``-1``, ``-2``.

    Raises:
        InvalidArgumentError: A suffix is wrong, or a file is a folder.
        NotFoundError: A folder cannot be created or is not writable.
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
        Targets(
            _numbered(clip, number),
            picture and _numbered(picture, number),
            sound and _numbered(sound, number),
        )
        for number in range(1, variations + 1)
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
