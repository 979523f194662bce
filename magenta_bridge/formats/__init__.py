"""Files to NoteSequence and back, one module per format.

``read`` and ``write`` choose the format by the file's suffix.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Final, NamedTuple, cast

from magenta_bridge.errors import FileFormatError, NotFoundError
from magenta_bridge.files import save_bytes

if TYPE_CHECKING:
    from magenta_bridge.noteseq import NoteSequence

__all__ = ["read", "read_bytes", "readable_suffixes", "suffixes", "write"]


class _Format(NamedTuple):
    """Where a format's functions live; they are imported at first use."""

    module: str
    reader: str
    writer: str = ""  # empty for a format that is only read


_MIDI: Final = _Format(
    "magenta_bridge.formats.midi", "midi_to_note_sequence", "note_sequence_to_midi"
)
_MUSICXML: Final = _Format("magenta_bridge.formats.musicxml", "musicxml_to_note_sequence")
_FORMATS: Final[dict[str, _Format]] = {
    ".mid": _MIDI,
    ".midi": _MIDI,
    ".mxl": _MUSICXML,
    ".musicxml": _MUSICXML,
    ".xml": _MUSICXML,
}


def suffixes() -> list[str]:
    """Returns the file suffixes that ``read`` and ``write`` know, such as ``.mid``."""
    return [suffix for suffix, each in _FORMATS.items() if each.writer]


def readable_suffixes() -> list[str]:
    """Returns the file suffixes that ``read`` knows, such as ``.mid`` and ``.mxl``."""
    return list(_FORMATS)


def read(path: str | os.PathLike[str]) -> NoteSequence:
    """Reads a music file.

    Args:
        path: The file; its suffix names the format. A file of unknown suffix is tried as MIDI.

    Returns:
        Its music, in seconds.

    Raises:
        NotFoundError: There is no such file, or it cannot be opened.
        FileFormatError: The file is not of a format known here, or is damaged.
        LimitExceededError: It is larger than ``limits`` allows.
    """
    file = Path(path)
    return read_bytes(_read_bytes(file), name=file.name)


def read_bytes(data: bytes, *, name: str) -> NoteSequence:
    """Reads a music file that is already in memory.

    Args:
        data: The whole file.
        name: Its name; the suffix names the format, as for ``read``. Begins error messages.

    Returns:
        Its music, in seconds.

    Raises:
        FileFormatError: The file is not of a format known here, or is damaged.
        LimitExceededError: It is larger than ``limits`` allows.
    """
    chosen = _FORMATS.get(PurePath(name).suffix.lower(), _MIDI)
    reader = cast("Callable[..., NoteSequence]", _function(chosen.module, chosen.reader))
    return reader(data, name=name)


def write(sequence: NoteSequence, path: str | os.PathLike[str]) -> None:
    """Writes a music file; the file appears complete or, on failure, not at all.

    Args:
        sequence: The music, in seconds.
        path: The file, replaced where it exists; its suffix names the format.

    Raises:
        FileFormatError: The suffix names no format known here.
        InvalidSequenceError: The sequence is not valid, or the format cannot hold it.
        NotFoundError: The folder does not exist, or takes no file.
    """
    file = Path(path)
    chosen = _FORMATS.get(file.suffix.lower())
    if chosen is None or not chosen.writer:
        raise FileFormatError(
            f"{file.name} has a suffix of no music format that is written; "
            f"end the name in one of {', '.join(suffixes())}."
        )
    writer = cast("Callable[[NoteSequence], bytes]", _function(chosen.module, chosen.writer))
    save_bytes(file, writer(sequence))


def _function(module: str, name: str) -> object:
    return getattr(importlib.import_module(module), name)


def _read_bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except FileNotFoundError:
        raise NotFoundError(f"There is no file {file}; check the name and the folder.") from None
    except OSError as error:
        raise NotFoundError(f"The file {file} cannot be read: {error.strerror}.") from error
