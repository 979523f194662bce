"""Runs the client in Node against a server; its packages are installed the first time."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parents[1] / "node"


def run_node(address: str, scenario: str) -> Any:  # noqa: ANN401 - JSON
    """Runs one scenario of ``client.mjs`` and returns what it printed.

    Args:
        address: The server.
        scenario: Its name.
    """
    command = [_program("node"), "client.mjs", address, scenario]
    _install()
    done = subprocess.run(
        command, cwd=FOLDER, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@cache
def _install() -> None:
    """Installs what the lock says, unless it is there."""
    lock = hashlib.sha256((FOLDER / "package-lock.json").read_bytes()).hexdigest()
    stamp = FOLDER / "node_modules" / ".lock"
    if stamp.is_file() and stamp.read_text(encoding="ascii") == lock:
        return
    command = [_program("npm"), "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    done = subprocess.run(
        command, cwd=FOLDER, capture_output=True, text=True, timeout=100, check=False
    )
    assert done.returncode == 0, f"npm ci failed in {FOLDER}: {done.stderr}"
    stamp.write_text(lock, encoding="ascii")


def _program(name: str) -> str:
    found = shutil.which(name)
    assert found is not None, (
        f"There is no program {name}, which the tests need; run: apt-get install nodejs npm "
        "(macOS: brew install node), or make tools."
    )
    return found
