"""On a full disk, every command that writes reports one error, and leaves no part of a file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from magenta_bridge.cli.max.installer import RECORD
from magenta_bridge.cli.midi.recording import Recording
from magenta_bridge.errors import NotFoundError
from magenta_bridge.files import LOCK
from magenta_bridge.formats import read, write
from magenta_bridge.generators.bundle import write_bundle
from magenta_bridge.lab import compare
from magenta_bridge.lab.search.folder import write_manifest
from magenta_bridge.render.charts import draw_loss_curve
from tests.cli.program import ROOT, call_program
from tests.evaluation.report.example import comparison, contender
from tests.limited_files import limited_files

MELODY = ROOT / "tests" / "data" / "midi" / "melody.mid"


def _content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.*")}


def _page(path: Path) -> None:
    models = [contender(name, nats=1.0, overlap=0.5, run=3, step_us=9.0) for name in ("one", "two")]
    compare.Comparison(comparison(*models)).to_html(path)


def _record(path: Path) -> None:
    recording, note = Recording(120.0, (4, 4), 0), read(MELODY)
    details: dict[str, Any] = {"musician": 0, "sequence": note.SerializeToString(), "start": 0.0}
    recording.on_event("call", details)
    recording.save(path)


def _bundle(path: Path) -> None:
    write_bundle(path, generator_id="a", description="two", details="", program=b"p", network=b"")


_WRITERS: dict[str, Callable[[Path], object]] = {
    "compare.html": _page,
    "generate.mid": lambda path: write(read(MELODY), path),
    "midi.mid": _record,
    "reexport.mag": _bundle,
    "search.json": lambda path: write_manifest(path.parent, {"music": "ab" * 32}),
    "train.png": lambda path: draw_loss_curve({"loss": [2.0]}, path, baseline=1.5, unit="nats"),
}


@pytest.mark.parametrize("name", _WRITERS)
@pytest.mark.parametrize("size", [0, 50])
def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path, name: str, size: int) -> None:
    with limited_files(size), pytest.raises(NotFoundError):
        _WRITERS[name](tmp_path / name)
    assert _content(tmp_path) == {}
    _WRITERS[name](tmp_path / name)
    assert list(_content(tmp_path)) == [name]


@pytest.mark.parametrize("size", [0, 200, 300])
def test_certificates_are_all_written_or_none(tmp_path: Path, size: int) -> None:
    """The keys are smaller than the certificates, so that some files fit and some do not."""
    words = ["certs", "--host", "studio.local", "--output", str(tmp_path)]
    with limited_files(size):
        failed = call_program(*words)
    assert (failed.returncode, failed.stderr.count("\n")) == (1, 1)
    assert _content(tmp_path) == {}
    assert call_program(*words).returncode == 0


@pytest.mark.parametrize("size", [0, 10_000])
def test_devices_are_whole_and_can_be_installed_later(tmp_path: Path, size: int) -> None:
    with limited_files(size):
        failed = call_program("max", "install", "--to", tmp_path)
    assert (failed.returncode, failed.stderr.count("\n")) == (1, 1)
    assert set(_content(tmp_path)) <= {LOCK, RECORD}
    assert call_program("max", "install", "--to", tmp_path).returncode == 0


def test_a_clip_is_kept_when_its_picture_does_not_fit(tmp_path: Path) -> None:
    """What was there before stays as well."""
    clip, picture = tmp_path / "clip.mid", tmp_path / "clip.png"
    picture.write_bytes(b"old")
    bundle = ROOT / "models" / "lstm" / "lstm_melody.mag"
    with limited_files(2_000):
        failed = call_program(
            "generate",
            "--bundle",
            bundle,
            "--bars",
            "1",
            "-o",
            clip,
            "--picture",
            picture,
        )
    assert (failed.returncode, failed.stderr.count("\n")) == (1, 1)
    assert read(clip).notes
    assert picture.read_bytes() == b"old"
    assert len(_content(tmp_path)) == 2
