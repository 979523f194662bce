"""The folder of a search belongs to one search, and to one process at a time."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from magenta_bridge.errors import InvalidArgumentError, NotFoundError, TrainingError
from magenta_bridge.lab.search.folder import check_manifest, exclusive_lock, write_manifest

_HOLD = """
import sys
from pathlib import Path
from magenta_bridge.lab.search.folder import exclusive_lock
with exclusive_lock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_second_process_is_refused_until_the_first_ends(tmp_path: Path) -> None:
    """A kill leaves nothing locked."""
    words = [sys.executable, "-c", _HOLD, str(tmp_path / "out")]
    with subprocess.Popen(
        words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with (
            pytest.raises(TrainingError, match="Another search is running"),
            exclusive_lock(tmp_path / "out"),
        ):
            pass
        holder.send_signal(signal.SIGKILL)
        holder.wait()
    with exclusive_lock(tmp_path / "out"):
        pass


def test_a_folder_with_other_files_is_refused(tmp_path: Path) -> None:
    (tmp_path / "song.mid").touch()
    with pytest.raises(InvalidArgumentError, match="not of a search"), exclusive_lock(tmp_path):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["song.mid"]


def test_a_folder_that_cannot_be_created_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    out = tmp_path / "file" / "out"
    with pytest.raises(NotFoundError, match="cannot be created"), exclusive_lock(out):
        pass


def test_a_search_resumes_with_the_same_settings_only(tmp_path: Path) -> None:
    """The error names the settings that differ; unknown ones are not compared."""
    manifest = {"families": ["lstm"], "epochs": 3, "music": "abc"}
    check_manifest(tmp_path, manifest)
    write_manifest(tmp_path, manifest)
    write_manifest(tmp_path, manifest)
    check_manifest(tmp_path, {"families": ["lstm"], "epochs": 3})
    with pytest.raises(InvalidArgumentError, match="with other epochs and other music;"):
        check_manifest(tmp_path, {**manifest, "epochs": None, "music": "abd"})


def test_a_damaged_manifest_is_refused(tmp_path: Path) -> None:
    (tmp_path / "search.json").write_text("{", encoding="utf-8")
    with pytest.raises(TrainingError, match="damaged"):
        check_manifest(tmp_path, {"epochs": 3})
