"""The fiddle corpus is made again from its origin, byte for byte."""

from __future__ import annotations

import os
import shutil
import subprocess
import tarfile
import zipfile
from pathlib import Path

import pytest

from magenta_bridge.data.corpus import check_corpus
from magenta_bridge.data.fiddle_tunes import (
    convert_tunes,
    make_fiddle_corpus,
    read_tunes,
    split_tunes,
)
from magenta_bridge.errors import FileFormatError, TrainingError, UnsupportedError
from magenta_bridge.formats.midi import midi_to_note_sequence
from magenta_bridge.recipe import read_recipe

BOOK = b"""% A preamble of the book
X: 1
T:The Scale
M:4/4
L:1/8
K:G
GABc defg|

% said between two tunes

X:2
T:The Drone
M:4/4
L:1/4
K:D
D D D D|
"""
TUNES = {f"book/{number + 1:04}.mid": tune for number, tune in enumerate(split_tunes(BOOK))}


@pytest.fixture
def abc2midi() -> str:
    """The program that converts the tunes; its absence is a failure, not a reason to skip."""
    found = shutil.which("abc2midi")
    if found is None:
        pytest.fail("abc2midi is missing; install it: apt-get install abcmidi")
    return found


def report(done: int, total: int) -> None:
    """A report that is ignored."""


def archives() -> list[Path]:
    """Return the archive of the corpus, where it lies in the folder of large data."""
    named = os.environ.get("MAGENTA_BRIDGE_DATA")
    folder = Path(named) if named else Path(__file__).parents[3] / "shared" / "data"
    file = folder / "fiddle.tar.xz"
    return [file] if file.is_file() else []


def test_book_is_split_into_tunes() -> None:
    """Each begins at its number, holds no blank line, and keeps what follows it."""
    first, second = split_tunes(BOOK)
    assert first.startswith(b"X: 1\nT:The Scale\n")
    assert first.endswith(b"defg|\n% said between two tunes\n")
    assert second == BOOK[BOOK.index(b"X:2") :]
    assert split_tunes(b"no tune") == []


def test_tunes_are_read_from_a_wheel(tmp_path: Path) -> None:
    """Books are read in order of file name; numbers count on over files."""
    wheel = tmp_path / "music21.whl"
    with zipfile.ZipFile(wheel, "w") as opened:
        opened.writestr("music21/corpus/oneills1850/0003.abc", b"X: 3\nK:C\nC")
        opened.writestr("music21/corpus/oneills1850/0001.abc", BOOK)
        opened.writestr("music21/corpus/oneills1850/__init__.py", b"X: 9\n")
        opened.writestr("music21/corpus/essenFolksong/han.abc", b"X: 1\nK:C\n")
    tunes = read_tunes(wheel)
    assert list(tunes) == [f"oneills1850/000{number}.mid" for number in (1, 2, 3)]
    assert tunes["oneills1850/0003.mid"] == b"X: 3\nK:C\nC\n"
    with pytest.raises(FileFormatError, match="holds 3 fiddle tunes in place of the 4248"):
        make_fiddle_corpus(tmp_path / "fiddle", wheel=wheel)


@pytest.mark.parametrize("data", [None, b"", b"PK\x03\x04 no zip"])
def test_damaged_wheel_is_refused(tmp_path: Path, data: bytes | None) -> None:
    """A missing, empty or cut file is one sentence."""
    wheel = tmp_path / "music21.whl"
    if data is not None:
        wheel.write_bytes(data)
    with pytest.raises(FileFormatError, match="not a readable wheel of music21"):
        read_tunes(wheel)


@pytest.mark.usefixtures("abc2midi")
def test_tunes_become_midi_files(tmp_path: Path) -> None:
    """Each tune sounds as written; the report counts; nothing else is left in the folder."""
    reports: list[tuple[int, int]] = []
    convert_tunes(TUNES, tmp_path, report=lambda done, total: reports.append((done, total)))
    assert reports == [(1, 2), (2, 2)]
    files = sorted(file for file in tmp_path.rglob("*") if file.is_file())
    assert [file.relative_to(tmp_path).as_posix() for file in files] == list(TUNES)
    pitches = [[n.pitch for n in midi_to_note_sequence(f.read_bytes()).notes] for f in files]
    assert pitches == [[67, 69, 71, 72, 74, 76, 78, 79], [62, 62, 62, 62]]


@pytest.mark.usefixtures("abc2midi")
def test_conversion_goes_on_where_it_stopped(tmp_path: Path) -> None:
    """Files that are there are kept."""
    convert_tunes(TUNES, tmp_path, report=report)
    first, second = (tmp_path / name for name in TUNES)
    whole = second.read_bytes()
    first.write_bytes(b"mine")
    second.unlink()
    convert_tunes(TUNES, tmp_path, report=report)
    assert first.read_bytes() == b"mine"
    assert second.read_bytes() == whole


@pytest.mark.usefixtures("abc2midi")
def test_tune_without_music_is_refused(tmp_path: Path) -> None:
    """What abc2midi makes no file of is named."""
    with pytest.raises(TrainingError, match=r"no MIDI file of book/0001\.mid"):
        convert_tunes({"book/0001.mid": b""}, tmp_path, report=report)


def test_missing_abc2midi_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says what to install, before anything is downloaded or written."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UnsupportedError, match=r"Install abcmidi: apt-get install abcmidi"):
        make_fiddle_corpus(tmp_path / "fiddle")
    assert not (tmp_path / "fiddle").exists()


@pytest.mark.usefixtures("abc2midi")
def test_failing_download_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without an index pip finds nothing; its last line is passed on."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    with pytest.raises(TrainingError, match=r"could not download music21==10\.5\.1.*No matching"):
        make_fiddle_corpus(tmp_path / "fiddle")


def test_complete_corpus_needs_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With all files there, neither the network nor abc2midi is asked."""
    monkeypatch.setenv("PATH", str(tmp_path))
    for book, count in (("airdsAirs", 1180), ("oneills1850", 2009), ("ryansMammoth", 1059)):
        (tmp_path / book).mkdir()
        for number in range(count):
            (tmp_path / book / f"{number + 1:04}.mid").touch()
    reports: list[tuple[int, int]] = []
    make_fiddle_corpus(tmp_path, report=lambda done, total: reports.append((done, total)))
    assert reports == [(4248, 4248)]


def test_recipe_names_the_archive(repository: Path) -> None:
    """The digest in the shipped recipe is that of the tunes it was trained on."""
    recipe = read_recipe(repository / "models" / "lstm" / "lstm_melody.toml")
    assert recipe.data.source == "fiddle"
    assert len(recipe.data.sha256) == 64
    for file in archives():
        check_corpus(file, recipe.data.sha256)


@pytest.mark.usefixtures("abc2midi")
def test_conversion_gives_the_bytes_that_were_trained_on(tmp_path: Path) -> None:
    """A sample of a book converts to the archive's own files, comments between tunes included.

    Only abc2midi 4.84 writes those bytes; another version must still write readable music.
    """
    version = subprocess.run(["abc2midi", "-ver"], check=False, capture_output=True, text=True)
    for file in archives():
        held = _files_of(file, "airdsAirs")
        texts = b"\n".join(held[name] for name in sorted(held) if name.endswith(".abc"))
        tunes = {f"airdsAirs/{n + 1:04}.mid": tune for n, tune in enumerate(split_tunes(texts))}
        assert len(tunes) == 1180
        sample = {name: tunes[name] for name in [*list(tunes)[::60], "airdsAirs/0171.mid"]}
        convert_tunes(sample, tmp_path, report=report)
        for name in sample:
            written = (tmp_path / name).read_bytes()
            assert midi_to_note_sequence(written).notes
            if "4.84 " in version.stdout:
                assert written == held[f"fiddle/{name}"]


def _files_of(archive: Path, book: str) -> dict[str, bytes]:
    held: dict[str, bytes] = {}
    with tarfile.open(archive) as opened:
        for member in opened:
            stream = opened.extractfile(member)
            if stream is not None and book in member.name:
                held[member.name] = stream.read()
    return held
