"""Music files to learn from: a folder, one file, or a tar archive."""

from __future__ import annotations

import hashlib
import lzma
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
    """One piece of a corpus.

    Attributes:
        name: Path of the file from the corpus's top folder on, that folder included, with
            forward slashes: a folder ``fiddle`` and an archive of it give the same names.
        music: The piece.
    """

    name: str
    music: NoteSequence


@dataclass
class CorpusReport:
    """What reading a corpus met.

    Attributes:
        read: Number of pieces read.
        refused: Name and reason of each file that could not be read.
    """

    read: int = 0
    refused: dict[str, str] = field(default_factory=dict)

    def note_read(self) -> None:
        """Count a piece that has been read."""
        self.read += 1


def corpus_digest(files: Iterable[tuple[str, bytes]]) -> str:
    """Return the SHA-256 of a corpus, the same for a folder and for any archive of it.

    Names count with the bytes, since the split into training, validation and test follows them.

    Args:
        files: Name and bytes of each music file, in any order.

    Returns:
        64 hexadecimal digits.
    """
    whole = hashlib.sha256()
    for name, data in sorted(files):
        whole.update(name.encode() + b"\0" + hashlib.sha256(data).digest())
    return whole.hexdigest()


def digest_of(path: Path) -> str:
    """Return the ``corpus_digest`` of the music at a path.

    Args:
        path: As for ``read_corpus``.

    Raises:
        FileFormatError: The archive is damaged.
        NotFoundError: There is nothing at ``path``.
    """
    return corpus_digest(_files(path))


def check_corpus(path: Path, expected: str) -> None:
    """Create sure that a corpus is the one a recipe names.

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
            "folder must bear its original name), or empty sha256 in a copy of the recipe to "
            "train on this."
        )


def read_corpus(path: Path, report: CorpusReport | None = None) -> Iterator[Piece]:
    """Read every music file of a corpus, MIDI or MusicXML, in order of name.

    Args:
        path: A folder (searched to any depth), a ``.tar``/``.tar.xz``/``.tar.gz`` archive, or
            one music file.
        report: Filled while reading; a damaged file is noted there and passed over.

    Yields:
        The pieces.

    Raises:
        FileFormatError: The archive itself is damaged.
        NotFoundError: There is nothing at ``path``.
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
        files = {file.relative_to(top.parent).as_posix(): file for file in top.rglob("*")}
        for name in sorted(files):
            if name.lower().endswith(_SUFFIXES) and files[name].is_file():
                yield name, files[name].read_bytes()
    elif not path.exists():
        raise NotFoundError(f"There is no folder or archive {path}; name one that holds music.")
    elif tarfile.is_tarfile(path):
        yield from _archived_files(path)
    else:
        yield path.name, path.read_bytes()


def _archived_files(path: Path) -> Iterator[tuple[str, bytes]]:
    held: dict[str, bytes] = {}
    try:
        with tarfile.open(path) as archive:
            for member in archive:
                if member.isfile() and member.name.lower().endswith(_SUFFIXES):
                    stream = archive.extractfile(member)
                    held[str(PurePosixPath(member.name))] = stream.read() if stream else b""
    except (tarfile.TarError, lzma.LZMAError, zlib.error, EOFError, OSError) as error:
        raise FileFormatError(f"The archive {path} is damaged ({error}); get it again.") from error
    for name in sorted(held):
        yield name, held[name]
