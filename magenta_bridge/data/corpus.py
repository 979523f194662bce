"""A corpus of music files: a folder, one file, or a tar archive."""

from __future__ import annotations

import hashlib
import lzma
import os
import tarfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from magenta_bridge.errors import FileFormatError, MagentaBridgeError, NotFoundError
from magenta_bridge.files import read_beginning
from magenta_bridge.formats import LARGEST_FILE, read_bytes, readable_suffixes
from magenta_bridge.limits import ARCHIVE_BYTES, ARCHIVE_MUSIC_BYTES, check_limit
from magenta_bridge.noteseq import NoteSequence

_SUFFIXES = tuple(readable_suffixes())
_DAMAGE = (tarfile.TarError, lzma.LZMAError, zlib.error, EOFError, OSError, ValueError)
_TEXT_HEADERS = (
    tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE,
    tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK,
)  # fmt: skip
_LONGEST_HEADER = 1 << 20


@dataclass(frozen=True)
class Piece:
    r"""One piece of a corpus.

    Attributes:
        name: Path of the file from the corpus's top folder on, that folder included, with
            forward slashes; the same for a folder and an archive of it. Bytes that are not
            UTF-8 are written as escape sequences, such as ``\xe9``.
        music: The piece.
    """

    name: str
    music: NoteSequence


@dataclass
class CorpusReport:
    """The number of pieces read, and the name and error of each unreadable file."""

    read: int = 0
    refused: dict[str, str] = field(default_factory=dict)

    def note_read(self) -> None:
        """Count a piece that has been read."""
        self.read += 1


def corpus_digest(files: Iterable[tuple[str, bytes]]) -> str:
    """Return the SHA-256 of a corpus, in hexadecimal; the same for a folder and its archives.

    It includes the names, since they determine the split.

    Args:
        files: Name and bytes of each music file, in any order.
    """
    whole = hashlib.sha256()
    for name, data in sorted(files):
        whole.update(name.encode() + b"\0" + hashlib.sha256(data).digest())
    return whole.hexdigest()


def digest_of(path: Path) -> str:
    """Return the ``corpus_digest`` of a path; see ``read_corpus`` for the errors."""
    return corpus_digest(_files(path))


def check_corpus(path: Path, expected: str) -> None:
    """Check that a corpus has the digest in its recipe.

    Args:
        path: As for ``read_corpus``.
        expected: The recipe's ``corpus_digest``.

    Raises:
        FileFormatError: The digest differs from ``expected``, or the archive is damaged.
        NotFoundError: There is nothing at ``path``.
    """
    digest = digest_of(path)
    if digest != expected:
        raise FileFormatError(
            f"{path} is not the music the recipe was written for: the SHA-256 of its music files "
            f"and their names is {digest}, expected {expected}. Give the recipe's own music (a "
            "folder must have its original name), or empty sha256 in a copy of the recipe to "
            "train on this."
        )


def read_corpus(path: Path, report: CorpusReport | None = None) -> Iterator[Piece]:
    """Read all music files of a corpus in order of name.

    Args:
        path: A folder (searched to any depth), a ``.tar``/``.tar.xz``/``.tar.gz`` archive, or
            one music file.
        report: Updated while reading; damaged files are recorded there and skipped.

    Raises:
        FileFormatError: The archive itself is damaged.
        NotFoundError: ``path`` does not exist.
    """
    kept = report if report is not None else CorpusReport()
    for name, data in _files(path):
        try:
            music = read_bytes(data, name=name)
        except MagentaBridgeError as error:
            kept.refused[name] = error.message
            continue
        kept.note_read()
        yield Piece(name, music)


def _files(path: Path) -> Iterator[tuple[str, bytes]]:
    if path.is_dir():
        top = path.resolve()
        files = {_text(file.relative_to(top.parent).as_posix()): file for file in top.rglob("*")}
        for name in sorted(files):
            if name.lower().endswith(_SUFFIXES) and files[name].is_file():
                yield name, read_beginning(files[name], LARGEST_FILE)
    elif not path.exists():
        raise NotFoundError(f"There is no folder or archive {path}; name one that holds music.")
    elif not path.is_file():
        raise NotFoundError(f"{path} is not a folder or a file; name one that holds music.")
    elif (archived := _archived_files(path)) is not None:
        yield from sorted(archived.items())
    else:
        yield _text(path.name), read_beginning(path, LARGEST_FILE)


def _text(name: str) -> str:
    """Return a file's name as valid Unicode; different names stay different."""
    return os.fsencode(name).decode(errors="backslashreplace")


def _archived_files(path: Path) -> dict[str, bytes] | None:
    """Return the music files of a tar archive by name; None for another file."""
    held: dict[str, bytes] = {}
    size = 0
    try:
        archive = tarfile.open(path, tarinfo=_CheckedInfo)  # noqa: SIM115 - closed below
    except tarfile.ReadError:
        return None
    except _DAMAGE as error:
        raise _damaged(path, error) from error
    with archive:
        try:
            for member in archive:
                end = member.offset_data + member.size
                check_limit(ARCHIVE_BYTES, end, where=path.name)
                stream = archive.extractfile(member) if _is_music(member) else None
                if stream is not None:
                    data = stream.read(LARGEST_FILE)
                    size += len(data)
                    check_limit(ARCHIVE_MUSIC_BYTES, size, where=path.name)
                    held[_text(str(PurePosixPath(member.name)))] = data
        except _DAMAGE as error:
            raise _damaged(path, error) from error
    return held


class _CheckedInfo(tarfile.TarInfo):
    """Refuses headers whose text, which tarfile reads whole, is longer than any name."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> _CheckedInfo:
        info = super().frombuf(buf, encoding, errors)
        if info.type in _TEXT_HEADERS and info.size > _LONGEST_HEADER:
            raise OSError(f"a header of {info.size:,} bytes")
        return info


def _is_music(member: tarfile.TarInfo) -> bool:
    return member.isfile() and member.name.lower().endswith(_SUFFIXES)


def _damaged(path: Path, error: Exception) -> FileFormatError:
    return FileFormatError(f"The archive {path} is damaged ({error}); get it again.")
