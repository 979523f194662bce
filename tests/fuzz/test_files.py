"""Files that are larger than they look, or never end, are refused before they are read."""

from __future__ import annotations

import io
import lzma
import os
import subprocess
import sys
import tarfile
import time
from pathlib import Path

import pytest

from magenta_bridge.data.corpus import CorpusReport, read_corpus
from magenta_bridge.errors import FileFormatError, LimitExceededError, NotFoundError
from magenta_bridge.files import read_limited
from magenta_bridge.formats import read
from magenta_bridge.formats.musicxml import musicxml_to_note_sequence
from magenta_bridge.limits import BUNDLE_BYTES, MIDI_FILE_BYTES
from magenta_bridge.recipe import read_recipe

_READ = """
import resource, sys
from pathlib import Path
from magenta_bridge.data.corpus import CorpusReport, read_corpus
report = CorpusReport()
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
list(read_corpus(Path(sys.argv[1]), report))
grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
print(grown // (1024 if sys.platform == "linux" else 1 << 20), *report.refused.values())
"""


def _header(name: str, size: int, kind: bytes = tarfile.REGTYPE) -> bytes:
    info = tarfile.TarInfo(name)
    info.size, info.type = size, kind
    return info.tobuf(tarfile.GNU_FORMAT)


@pytest.mark.skipif(sys.platform == "win32", reason="measures memory with resource")
def test_a_small_archive_of_a_huge_file_takes_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "zeros.tar.xz"
    with lzma.open(path, "wb", preset=0) as file:
        file.write(_header("zeros.mid", 300 << 20))
        for _ in range(300):
            file.write(bytes(1 << 20))
        file.write(bytes(1024))
    assert path.stat().st_size < 1 << 20
    words = [sys.executable, "-c", _READ, str(path)]
    grown, _, refusal = subprocess.run(
        words, capture_output=True, text=True, check=True
    ).stdout.partition(" ")
    assert int(grown) < 150  # MiB
    assert "more than the 4,194,304 bytes allowed" in refusal


@pytest.mark.parametrize("kind", [tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.GNUTYPE_LONGNAME])
def test_an_archive_with_a_huge_header_is_refused(tmp_path: Path, kind: bytes) -> None:
    path = tmp_path / "header.tar"
    path.write_bytes(_header("x", 3 << 30, kind) + bytes(2048))
    with pytest.raises(FileFormatError, match="header of 3,221,225,472 bytes"):
        list(read_corpus(path))


def test_an_archive_that_announces_more_than_any_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "lie.tar"
    path.write_bytes(_header("lie.mid", 8 << 40) + b"MThd" * 128)
    with pytest.raises(LimitExceededError, match="unpack it, and give the folder"):
        list(read_corpus(path))


def test_a_small_archive_is_read_as_before(tmp_path: Path) -> None:
    midi = (Path(__file__).parent.parent / "data" / "call.mid").read_bytes()
    path = tmp_path / "songs.tar.gz"
    with tarfile.open(path, "w:gz", format=tarfile.PAX_FORMAT) as archive:
        for name in ("b/\N{LATIN SMALL LETTER E WITH ACUTE}" + "x" * 150 + ".mid", "a.mid"):
            info = tarfile.TarInfo(name)
            info.size = len(midi)
            archive.addfile(info, io.BytesIO(midi))
    report = CorpusReport()
    assert [piece.name[:3] for piece in read_corpus(path, report)] == ["a.m", "b/\xe9"]
    assert not report.refused


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="has no /dev/zero")
def test_a_device_is_not_read() -> None:
    endless = Path("/dev/zero")
    with pytest.raises(NotFoundError, match="not a regular file"):
        read(endless)
    with pytest.raises(NotFoundError, match="not a regular file"):
        read_limited(endless, BUNDLE_BYTES, advice="give a file")
    with pytest.raises(NotFoundError, match="not a regular file"):
        read_recipe(endless)
    with pytest.raises(NotFoundError, match="/dev/zero"):
        list(read_corpus(endless))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="has no named pipes")
def test_a_pipe_that_nothing_writes_to_is_not_opened(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.mid"
    os.mkfifo(pipe)
    with pytest.raises(NotFoundError, match="not a regular file"):
        read(pipe)
    assert list(read_corpus(tmp_path)) == []


def test_a_file_beyond_every_limit_is_refused_by_its_own(tmp_path: Path) -> None:
    path = tmp_path / "long.mid"
    with path.open("wb") as file:
        file.truncate(1 << 30)
    with pytest.raises(LimitExceededError, match=f"{MIDI_FILE_BYTES.value:,} bytes"):
        read(path)


def _seconds(score: bytes) -> float:
    began = time.process_time()
    musicxml_to_note_sequence(score)
    return time.process_time() - began


def _score(words: str, parts: str = "") -> bytes:
    return (
        '<score-partwise><part-list><score-part id="P"/></part-list><part id="P"><measure>'
        f"<direction><direction-type><words>{words}</words></direction-type></direction>"
        f"</measure></part>{parts}</score-partwise>"
    ).encode()


@pytest.mark.parametrize("words", ["q=", "\N{QUARTER NOTE}", "q = c"])
def test_blanks_in_a_tempo_cost_linear_time(words: str) -> None:
    """With quadratic time, a hundred times the blanks take ten thousand times as long."""
    few, many = (min(_seconds(_score(words + " " * n)) for _ in range(3)) for n in (4_000, 400_000))
    assert many < 2_000 * few


def test_measures_and_parts_cost_their_sum_not_their_product() -> None:
    measures = '<part id="P">' + "<measure/>" * 4_000 + "</part>"
    alone = min(_seconds(_score("", measures)) for _ in range(2))
    with_parts = min(_seconds(_score("", measures + '<part id="P"/>' * 8_000)) for _ in range(2))
    assert with_parts < 20 * alone
