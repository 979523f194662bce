"""The folder of a search is one search's, and one process's at a time."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from magenta_bridge.errors import InvalidArgumentError, NotFoundError, TrainingError
from magenta_bridge.lab.search.folder import check_told, exclusive_lock, tell

_HOLD = """
import sys
from pathlib import Path
from magenta_bridge.lab.search.folder import claimed
with claimed(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_second_process_is_kept_out_until_the_first_is_gone(tmp_path: Path) -> None:
    """However it goes: a kill leaves nothing locked."""
    words = [sys.executable, "-c", _HOLD, str(tmp_path / "out")]
    with subprocess.Popen(
        words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with (
            pytest.raises(TrainingError, match="Another search is at work"),
            exclusive_lock(tmp_path / "out"),
        ):
            pass
        holder.send_signal(signal.SIGKILL)
        holder.wait()
    with exclusive_lock(tmp_path / "out"):
        pass


def test_somebody_elses_files_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "song.mid").touch()
    with pytest.raises(InvalidArgumentError, match="not of a search"), exclusive_lock(tmp_path):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["song.mid"]


def test_a_folder_that_cannot_be_made_is_said_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    out = tmp_path / "file" / "out"
    with pytest.raises(NotFoundError, match="cannot be made"), exclusive_lock(out):
        pass


def test_a_search_goes_on_with_what_it_was_begun_with_alone(tmp_path: Path) -> None:
    """What differs is named; what is not known yet is not compared."""
    told = {"families": ["lstm"], "epochs": 3, "music": "abc"}
    check_told(tmp_path, told)
    tell(tmp_path, told)
    tell(tmp_path, told)
    check_told(tmp_path, {"families": ["lstm"], "epochs": 3})
    with pytest.raises(InvalidArgumentError, match="with other epochs and other music;"):
        check_told(tmp_path, {**told, "epochs": None, "music": "abd"})


def test_a_folder_that_tells_nonsense_is_said_in_words(tmp_path: Path) -> None:
    (tmp_path / "search.json").write_text("{", encoding="utf-8")
    with pytest.raises(TrainingError, match="damaged"):
        check_told(tmp_path, {"epochs": 3})
