"""Files are written whole or not at all and keep what is the user's; a folder has one owner."""

from __future__ import annotations

import contextlib
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from magenta_bridge.errors import InvalidArgumentError, NotFoundError, TrainingError
from magenta_bridge.files import LOCK, locked_folder, replacing, save_bytes, save_text, write_new
from tests.limited_files import limited_files

_HOLD = """
import sys
from pathlib import Path
from magenta_bridge.files import locked_folder
with locked_folder(Path(sys.argv[1]), "search", proof="search.json"):
    print("held", flush=True)
    sys.stdin.read()
"""


def _content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o755])
def test_permissions_are_kept(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "a.mid"
    path.touch()
    path.chmod(mode)
    save_bytes(path, b"new")
    assert (stat.S_IMODE(path.stat().st_mode), path.read_bytes()) == (mode, b"new")


def test_a_new_file_has_the_usual_permissions(tmp_path: Path) -> None:
    (tmp_path / "plain").touch()
    save_bytes(tmp_path / "new", b"")
    assert (tmp_path / "new").stat().st_mode == (tmp_path / "plain").stat().st_mode


@pytest.mark.parametrize("exists", [True, False])
def test_a_symbolic_link_is_followed_and_kept(tmp_path: Path, exists: bool) -> None:
    link, target = tmp_path / "a.mid", tmp_path / "music" / "b.mid"
    target.parent.mkdir()
    if exists:
        target.write_bytes(b"old")
    link.symlink_to(Path("music", "b.mid"))
    save_bytes(link, b"new")
    assert link.is_symlink()
    assert _content(target.parent) == {"b.mid": b"new"}


def test_what_is_not_an_ordinary_writable_file_is_refused(tmp_path: Path) -> None:
    """A device, a pipe, a link to itself, and a write-protected file, even for the superuser."""
    (tmp_path / "null").symlink_to(os.devnull)
    (tmp_path / "loop").symlink_to("loop")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "kept").touch(0o444)
    for name in ("null", "loop", "pipe", "kept"):
        with pytest.raises(NotFoundError, match="cannot be written"):
            save_bytes(tmp_path / name, b"new")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["kept", "loop", "null", "pipe"]
    assert (tmp_path / "kept").read_bytes() == b""


def test_a_name_of_the_greatest_length_can_be_written(tmp_path: Path) -> None:
    save_bytes(tmp_path / ("a" * 255), b"new")


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "a.mid"
    path.write_bytes(b"old")
    with limited_files(2), pytest.raises(NotFoundError, match="Free some space"):
        save_bytes(path, b"new")
    with contextlib.suppress(KeyboardInterrupt), replacing(path) as file:
        file.write_bytes(b"new")
        raise KeyboardInterrupt
    assert _content(tmp_path) == {"a.mid": b"old"}


def test_a_new_file_that_fails_is_removed(tmp_path: Path) -> None:
    with limited_files(2), pytest.raises(NotFoundError, match="Free some space"):
        write_new(tmp_path / "key", b"new", private=True)
    assert _content(tmp_path) == {}


def test_text_of_file_names_can_be_written(tmp_path: Path) -> None:
    save_text(tmp_path / "card.md", "caf\udce9 é")
    assert (tmp_path / "card.md").read_text(encoding="utf-8") == "caf\\udce9 é"


def test_a_second_process_is_refused_until_the_first_ends(tmp_path: Path) -> None:
    """A kill leaves nothing locked, and what it left half written is removed."""
    words = [sys.executable, "-c", _HOLD, str(tmp_path / "out")]
    with subprocess.Popen(
        words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with (
            pytest.raises(TrainingError, match="Another search is running"),
            locked_folder(tmp_path / "out", "search", proof="search.json"),
        ):
            pass
        holder.send_signal(signal.SIGKILL)
        holder.wait()
    (tmp_path / "out" / ".magenta-bridge.new-0123456789ab.keras").write_bytes(b"half")
    with locked_folder(tmp_path / "out", "search", proof="search.json"):
        with (
            pytest.raises(TrainingError),
            locked_folder(tmp_path / "out", "search", proof="search.json"),
        ):
            pass
        (tmp_path / "out" / "search.json").touch()
        (tmp_path / "out" / "notes.txt").touch()
    with locked_folder(tmp_path / "out", "search", proof="search.json"):
        pass
    assert set(_content(tmp_path / "out")) == {LOCK, "notes.txt", "search.json"}


def test_a_folder_with_other_files_is_refused(tmp_path: Path) -> None:
    (tmp_path / "song.mid").touch()
    with (
        pytest.raises(InvalidArgumentError, match="not of a search"),
        locked_folder(tmp_path, "search", proof="search.json"),
    ):
        pass
    assert set(_content(tmp_path)) == {"song.mid"}


@pytest.mark.parametrize(
    ("name", "error"), [("file/out", NotFoundError), ("caf\udce9", InvalidArgumentError)]
)
def test_a_folder_that_cannot_be_used_is_refused(
    tmp_path: Path, name: str, error: type[Exception]
) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(error), locked_folder(tmp_path / name, "search", proof=""):
        pass


def test_a_lock_file_that_is_something_else_is_kept(tmp_path: Path) -> None:
    (tmp_path / LOCK).write_bytes(b"mine" * 100)
    with (
        pytest.raises(NotFoundError, match="cannot be locked"),
        locked_folder(tmp_path, "search", proof=""),
    ):
        pass
    assert _content(tmp_path) == {LOCK: b"mine" * 100}
