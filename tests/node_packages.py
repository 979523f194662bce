"""JavaScript programs and packages for the tests; packages are installed at first use."""

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
    """Return the path of ``node`` or ``npm``, or fail with instructions."""
    found = shutil.which(name)
    assert found is not None, (
        f"There is no program {name}, which the tests need; run: apt-get install nodejs npm "
        "(macOS: brew install node), or make tools."
    )
    return found


@cache
def install_packages(folder: Path, *, scripts: bool = False) -> None:
    """Install the locked packages of a folder, unless they are installed.

    Args:
        folder: The folder with ``package-lock.json``.
        scripts: Whether packages may run their scripts, which that of Node requires.
    """
    lock = hashlib.sha256((folder / "package-lock.json").read_bytes()).hexdigest()
    stamp = folder / "node_modules" / ".lock"
    with _install_lock(folder):
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
def _install_lock(folder: Path) -> Iterator[None]:
    """Allow only one test process at a time to install."""
    with (folder / "package-lock.json").open("rb") as held:
        if sys.platform != "win32":
            fcntl.flock(held, fcntl.LOCK_EX)
        yield
