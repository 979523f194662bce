"""Read and write music files, one module per format.

``read`` and ``write`` choose the format by the file's suffix.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Final, NamedTuple, cast

from magenta_bridge.errors import FileFormatError, NotFoundError
from magenta_bridge.files import read_beginning, save_bytes
from magenta_bridge.limits import MIDI_FILE_BYTES, MUSICXML_FILE_BYTES

if TYPE_CHECKING:
    from magenta_bridge.noteseq import NoteSequence

__all__ = ["read", "read_bytes", "readable_suffixes", "suffixes", "write"]


class _Format(NamedTuple):
    """The functions of a format, which are imported at first use."""

    module: str
    reader: str
    writer: str = ""  # empty for a format that is only read


_MIDI: Final = _Format(
    "magenta_bridge.formats.midi", "midi_to_note_sequence", "note_sequence_to_midi"
)
_MUSICXML: Final = _Format("magenta_bridge.formats.musicxml", "musicxml_to_note_sequence")
LARGEST_FILE: Final = 1 + max(MIDI_FILE_BYTES.value, MUSICXML_FILE_BYTES.value)
"""Bytes to read of a file of any format: from this size on, each format refuses it."""

_FORMATS: Final[dict[str, _Format]] = {
    ".mid": _MIDI,
    ".midi": _MIDI,
    ".mxl": _MUSICXML,
    ".musicxml": _MUSICXML,
    ".xml": _MUSICXML,
}


def suffixes() -> list[str]:
    """Return the file suffixes that ``read`` and ``write`` take, such as ``.mid``."""
    return [suffix for suffix, each in _FORMATS.items() if each.writer]


def readable_suffixes() -> list[str]:
    """Return the file suffixes that ``read`` takes, such as ``.mid`` and ``.mxl``."""
    return list(_FORMATS)


def read(path: str | os.PathLike[str], *, warnings: list[str] | None = None) -> NoteSequence:
    """Read a music file.

    Args:
        path: The file; its suffix names the format. A file of unknown suffix is tried as MIDI.
        warnings: Takes a sentence for each fault of the file that was repaired, and for each
            kind of music in it that was left out.

    Returns:
        Its music, in seconds.

    Raises:
        NotFoundError: There is no such file, or it cannot be opened.
        FileFormatError: The file has an unknown format or is damaged.
        LimitExceededError: It is larger than ``limits`` allows.
    """
    file = Path(path)
    return read_bytes(_read_bytes(file), name=file.name, warnings=warnings)


def read_bytes(data: bytes, *, name: str, warnings: list[str] | None = None) -> NoteSequence:
    """Read a music file that is already in memory.

    Args:
        data: The whole file.
        name: Its name; the suffix names the format, as for ``read``. Begins error messages.
        warnings: As for ``read``.

    Returns:
        Its music, in seconds.

    Raises:
        FileFormatError: The file has an unknown format or is damaged.
        LimitExceededError: It is larger than ``limits`` allows.
    """
    chosen = _FORMATS.get(PurePath(name).suffix.lower(), _MIDI)
    reader = cast("Callable[..., NoteSequence]", _function(chosen.module, chosen.reader))
    return reader(data, name=name, warnings=warnings)


def write(sequence: NoteSequence, path: str | os.PathLike[str]) -> None:
    """Write a music file; the file appears complete or, on failure, not at all.

    Args:
        sequence: The music, in seconds.
        path: The file, replaced where it exists; its suffix names the format.

    Raises:
        FileFormatError: The suffix names no format that is written.
        InvalidSequenceError: The sequence is not valid, or the format has no place for it.
        NotFoundError: The folder does not exist or is not writable.
    """
    file = Path(path)
    chosen = _FORMATS.get(file.suffix.lower())
    if chosen is None or not chosen.writer:
        raise FileFormatError(
            f"{file.name} has a suffix that names no music format for writing; "
            f"end the name in one of {', '.join(suffixes())}."
        )
    writer = cast("Callable[[NoteSequence], bytes]", _function(chosen.module, chosen.writer))
    save_bytes(file, writer(sequence))


def _function(module: str, name: str) -> object:
    return getattr(importlib.import_module(module), name)


def _read_bytes(file: Path) -> bytes:
    try:
        return read_beginning(file, LARGEST_FILE)
    except FileNotFoundError:
        raise NotFoundError(f"There is no file {file}; check the name and the folder.") from None
    except OSError as error:
        raise NotFoundError(f"The file {file} cannot be read: {error.strerror}.") from error
