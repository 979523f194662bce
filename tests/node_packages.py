"""Programs and packages of JavaScript for the tests; packages are installed the first time."""

from __future__ import annotations

import contextlib
import hashlib
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

if sys.platform != "win32":
    import fcntl


def node_program(name: str) -> str:
    """Return where ``node`` or ``npm`` is, or fails with what to do."""
    found = shutil.which(name)
    assert found is not None, (
        f"There is no program {name}, which the tests need; run: apt-get install nodejs npm "
        "(macOS: brew install node), or make tools."
    )
    return found


@cache
def install_packages(folder: Path, *, scripts: bool = False) -> None:
    """Install what the lock in a folder says, unless it is there.

    Args:
        folder: Holds ``package-lock.json``.
        scripts: Whether packages may run theirs; that of Node fetches its program so.
    """
    lock = hashlib.sha256((folder / "package-lock.json").read_bytes()).hexdigest()
    stamp = folder / "node_modules" / ".lock"
    with _alone(folder):
        if stamp.is_file() and stamp.read_text(encoding="ascii") == lock:
            return
        command = [node_program("npm"), "ci", "--no-audit", "--no-fund"]
        command += [] if scripts else ["--ignore-scripts"]
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=100, check=False
        )
        assert done.returncode == 0, f"npm ci failed in {folder}: {done.stderr}"
        stamp.write_text(lock, encoding="ascii")


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Let one of the processes that run tests install at a time."""
    with (folder / "package-lock.json").open("rb") as held:
        if sys.platform != "win32":
            fcntl.flock(held, fcntl.LOCK_EX)
        yield
