"""A recording never replaces a file."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from magenta_bridge.cli.midi.recording import Recording, prepare
from magenta_bridge.cli.midi.run import saved
from magenta_bridge.errors import InvalidArgumentError, NotFoundError
from magenta_bridge.formats import read
from magenta_bridge.noteseq import NoteSequence


def test_an_earlier_recording_is_refused_before_the_session(tmp_path: Path) -> None:
    prepare(tmp_path / "new" / "jam.mid")
    (tmp_path / "jam.mid").touch()
    with pytest.raises(InvalidArgumentError, match="exists and is not overwritten"):
        prepare(tmp_path / "jam.mid")


def test_a_file_that_appears_during_the_session_is_kept(tmp_path: Path) -> None:
    for name in ("jam.mid", "jam-2.mid"):
        (tmp_path / name).write_bytes(b"mine")
    recording = Recording(120.0, (4, 4), 0)
    assert recording.save(tmp_path / "jam.mid") == tmp_path / "jam-3.mid"
    assert recording.save(tmp_path / "other.mid") == tmp_path / "other.mid"
    assert (tmp_path / "jam.mid").read_bytes() == b"mine"


def test_a_recording_that_cannot_be_written_is_saved_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    recording = Recording(120.0, (4, 4), 0)
    call = NoteSequence()
    call.notes.add(pitch=60, velocity=80, end_time=1.0)
    details = {"musician": 0, "sequence": call.SerializeToString(), "start": 0.0}
    recording.on_event("call", details)
    with pytest.raises(NotFoundError), saved(recording, tmp_path / "removed" / "jam.mid"):
        pass
    assert read(tmp_path / "jam.mid").notes
    assert str(tmp_path / "jam.mid") in capsys.readouterr().err
