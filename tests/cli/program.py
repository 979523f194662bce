"""Runs the installed program ``magenta-bridge`` as a user does."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = str(Path(sys.executable).with_name("magenta-bridge"))


def run_program(
    *words: str | Path, cwd: Path | None = None, timeout: float = 60, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Runs the program to its end and returns its exit status and what it said.

    Args:
        words: Its command line.
        cwd: Folder to run in.
        timeout: Seconds it may take.
        environment: Variables to set besides those of this process.
    """
    return subprocess.run(
        [PROGRAM, *map(str, words)],
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
