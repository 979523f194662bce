"""Reading and writing by file name."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from magenta_bridge.errors import FileFormatError, InvalidSequenceError, NotFoundError
from magenta_bridge.formats import read, suffixes, write
from magenta_bridge.noteseq import NoteSequence


@pytest.fixture
def tune(repository: Path) -> NoteSequence:
    """A tune of eight bars."""
    return read(repository / "tests" / "data" / "midi" / "melody.mid")


@pytest.mark.parametrize("suffix", [".mid", ".midi", ".MID"])
def test_a_written_file_reads_as_the_same_music(
    tune: NoteSequence, tmp_path: Path, suffix: str
) -> None:
    write(tune, tmp_path / f"a{suffix}")
    assert read(str(tmp_path / f"a{suffix}")) == tune


def test_all_known_suffixes_are_named() -> None:
    assert suffixes() == [".mid", ".midi"]


def test_a_missing_file_is_named() -> None:
    with pytest.raises(NotFoundError, match=r"There is no file .*nowhere\.mid"):
        read("nowhere.mid")


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="cannot be read"):
        read(tmp_path)


def test_a_text_file_is_distinguished_from_music(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("# Hello")
    with pytest.raises(FileFormatError) as caught:
        read(tmp_path / "README.md")
    assert caught.value.message == (
        "README.md is not a MIDI file: it does not begin with MThd. Give a .mid file."
    )


def test_an_unknown_suffix_writes_nothing(tune: NoteSequence, tmp_path: Path) -> None:
    with pytest.raises(FileFormatError, match=r"end the name in one of \.mid, \.midi"):
        write(tune, tmp_path / "a.txt")
    assert list(tmp_path.iterdir()) == []


def test_music_that_cannot_be_written_leaves_the_old_file(
    tune: NoteSequence, tmp_path: Path
) -> None:
    target = tmp_path / "a.mid"
    target.write_bytes(b"old")
    tune.notes[0].velocity = 0
    with pytest.raises(InvalidSequenceError):
        write(tune, target)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"a.mid": b"old"}


def test_a_target_that_is_a_folder_leaves_nothing_behind(
    tune: NoteSequence, tmp_path: Path
) -> None:
    (tmp_path / "a.mid").mkdir()
    with pytest.raises(NotFoundError, match="cannot be written"):
        write(tune, tmp_path / "a.mid")
    assert [path.name for path in tmp_path.iterdir()] == ["a.mid"]


def test_a_missing_folder_is_named(tune: NoteSequence, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="cannot be written"):
        write(tune, tmp_path / "no" / "a.mid")


def test_a_written_file_can_be_read_by_whom_the_user_allows(
    tune: NoteSequence, tmp_path: Path
) -> None:
    plain = tmp_path / "plain"
    plain.touch()
    write(tune, tmp_path / "a.mid")
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (plain, tmp_path / "a.mid")]
    assert modes[0] == modes[1]
