"""Run the program ``magenta-bridge``, or its commands in this process."""

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
    """Run the program and return its exit status and output.

    Args:
        words: Its arguments.
        cwd: Working directory.
        timeout: Limit in seconds.
        environment: Environment variables to add to those of this process.
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
    """Run a command in this process, where TensorFlow is imported already.

    A new process takes seconds to import TensorFlow, so only a few tests of a command start one.
    """
    line = [*map(str, words)]
    done = CliRunner().invoke(magenta_bridge, line)
    return subprocess.CompletedProcess(line, done.exit_code, done.stdout, done.stderr)
