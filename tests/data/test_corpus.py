"""Music is read from a folder, an archive or one file; what is damaged is noted."""

from __future__ import annotations

import sys
import tarfile
from pathlib import Path

import pytest

from magenta_bridge.data.corpus import CorpusReport, check_corpus, corpus_digest, read_corpus
from magenta_bridge.errors import FileFormatError, NotFoundError
from tests.data.pieces import write_pieces

NAMES = ["tunes/000.mid", "tunes/001.mid", "tunes/002.mid", "tunes/deeper/003.MID"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Four pieces, one of them deeper, among other files."""
    top = tmp_path / "tunes"
    files = write_pieces(top, 4)
    (top / "deeper").mkdir()
    files[3].rename(top / "deeper" / "003.MID")
    (top / "notes.txt").write_text("not music", encoding="utf-8")
    (top / "folder.mid").mkdir()
    return top


def pack(folder: Path, kind: str) -> Path:
    """Return an archive of a folder, in backward order."""
    archive = folder.parent / f"music.{kind}"
    mode = "w:" + kind.partition(".")[2]
    with tarfile.open(archive, mode) as opened:  # type: ignore[call-overload]
        for file in sorted(folder.rglob("*"), reverse=True):
            opened.add(file, arcname=file.relative_to(folder.parent).as_posix(), recursive=False)
    return archive


def digest_of(path: Path) -> str:
    """Return the digest that the refusal of a wrong one names."""
    with pytest.raises(FileFormatError) as caught:
        check_corpus(path, "0")
    return caught.value.message.partition(" names is ")[2][:64]


def test_folder_and_archive_give_the_same_pieces(folder: Path) -> None:
    """Name begin with the folder's own, and come in order of name."""
    read = list(read_corpus(folder))
    assert [piece.name for piece in read] == NAMES
    assert all(len(piece.music.notes) == 32 for piece in read)
    for kind in ("tar", "tar.gz", "tar.xz"):
        assert list(read_corpus(pack(folder, kind))) == read


@pytest.mark.skipif(sys.platform != "linux", reason="other systems require valid names")
def test_names_that_are_not_utf_8_are_read_and_stay_different(folder: Path) -> None:
    for number, name in enumerate(["caf\udce9.mid", "caf\udce8.mid"]):
        (folder / f"00{number}.mid").rename(folder / name)
    read = list(read_corpus(folder))
    names = ["tunes/002.mid", r"tunes/caf\xe8.mid", r"tunes/caf\xe9.mid", "tunes/deeper/003.MID"]
    assert [piece.name for piece in read] == names
    assert list(read_corpus(pack(folder, "tar"))) == read
    assert digest_of(folder) == digest_of(pack(folder, "tar"))


def test_folder_is_known_by_any_path(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``.`` is the same corpus as the folder's full path."""
    monkeypatch.chdir(folder)
    assert [piece.name for piece in read_corpus(Path())] == NAMES


def test_single_file(folder: Path) -> None:
    """One MIDI file is a corpus of one piece."""
    assert [piece.name for piece in read_corpus(folder / "001.mid")] == ["001.mid"]


def test_scores_are_read_beside_midi(folder: Path) -> None:
    """MusicXML counts as music, in the digest too."""
    before = digest_of(folder)
    bar = "<note><rest/><duration>1</duration></note>"
    score = f'<score-partwise><part id="P"><measure>{bar}</measure></part></score-partwise>'
    (folder / "000a.musicxml").write_text(score, encoding="utf-8")
    names = [NAMES[0], "tunes/000a.musicxml", *NAMES[1:]]
    assert [piece.name for piece in read_corpus(folder)] == names
    assert digest_of(folder) != before


def test_damaged_file_is_noted_and_passed_over(folder: Path) -> None:
    """The report names it with the reason; the rest is read."""
    whole = (folder / "001.mid").read_bytes()
    (folder / "001.mid").write_bytes(whole[: len(whole) // 2])
    report = CorpusReport()
    names = [piece.name for piece in read_corpus(folder, report)]
    assert names == [NAMES[0], *NAMES[2:]]
    assert report.read == 3
    assert list(report.refused) == ["tunes/001.mid"]
    assert report.refused["tunes/001.mid"]


def test_nothing_there(tmp_path: Path) -> None:
    """An empty folder holds no music; a missing one is an error."""
    assert list(read_corpus(tmp_path)) == []
    with pytest.raises(NotFoundError, match="name one that holds music"):
        list(read_corpus(tmp_path / "none"))


@pytest.mark.parametrize("kind", ["tar", "tar.gz", "tar.xz"])
def test_cut_archive_is_refused(folder: Path, kind: str) -> None:
    """An archive that ends early is not half a corpus."""
    archive = pack(folder, kind)
    whole = archive.read_bytes()
    archive.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(FileFormatError, match=r"music\.tar"):
        list(read_corpus(archive))


def test_folder_and_archive_have_one_digest(folder: Path) -> None:
    """Compression and order do not count; music and names do."""
    archive = pack(folder, "tar.xz")
    expected = digest_of(archive)
    check_corpus(archive, expected)
    check_corpus(folder, expected)
    (folder / "notes.txt").unlink()
    check_corpus(folder, expected)
    renamed = folder.rename(folder.with_name("airs"))
    with pytest.raises(FileFormatError, match="must have its original name"):
        check_corpus(renamed, expected)


def test_digest_tells_names_from_bytes() -> None:
    """No byte can move between a name and its file, or between files, unseen."""
    digests = {
        corpus_digest([("a", b"bc"), ("d", b"")]),
        corpus_digest([("ab", b"c"), ("d", b"")]),
        corpus_digest([("a", b"b"), ("d", b"c")]),
        corpus_digest([("a", b"bc")]),
        corpus_digest([]),
    }
    assert len(digests) == 5
    assert corpus_digest([("d", b""), ("a", b"bc")]) in digests
