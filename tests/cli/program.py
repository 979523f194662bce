"""Runs the installed program ``magenta-bridge`` as a user does, or its commands in this process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from click.testing import CliRunner

from magenta_bridge.cli.main import magenta_bridge

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


def call_program(*words: str | Path) -> subprocess.CompletedProcess[str]:
    """Runs a command line here, where TensorFlow has started already; see ``run_program``.

    For what a command does, beside one test or more that start the program itself: a process
    of its own takes seconds until TensorFlow is there.
    """
    line = [*map(str, words)]
    done = CliRunner().invoke(magenta_bridge, line)
    return subprocess.CompletedProcess(line, done.exit_code, done.stdout, done.stderr)
