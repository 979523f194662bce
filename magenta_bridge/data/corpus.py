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
from magenta_bridge.formats import read_bytes, readable_suffixes
from magenta_bridge.noteseq import NoteSequence

_SUFFIXES = tuple(readable_suffixes())


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
                yield name, files[name].read_bytes()
    elif not path.exists():
        raise NotFoundError(f"There is no folder or archive {path}; name one that holds music.")
    elif tarfile.is_tarfile(path):
        yield from _archived_files(path)
    else:
        yield _text(path.name), path.read_bytes()


def _text(name: str) -> str:
    """Return a file's name as valid Unicode; different names stay different."""
    return os.fsencode(name).decode(errors="backslashreplace")


def _archived_files(path: Path) -> Iterator[tuple[str, bytes]]:
    held: dict[str, bytes] = {}
    try:
        with tarfile.open(path) as archive:
            for member in archive:
                if member.isfile() and member.name.lower().endswith(_SUFFIXES):
                    stream = archive.extractfile(member)
                    held[_text(str(PurePosixPath(member.name)))] = stream.read() if stream else b""
    except (tarfile.TarError, lzma.LZMAError, zlib.error, EOFError, OSError) as error:
        raise FileFormatError(f"The archive {path} is damaged ({error}); get it again.") from error
    for name in sorted(held):
        yield name, held[name]
