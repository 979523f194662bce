"""Runs Node in ``max_for_live``."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

from tests.node_packages import install_packages, node_program

FOLDER = Path(__file__).resolve().parents[2] / "max_for_live"


def run_node(*command: str, timeout: float, cwd: Path = FOLDER, **environment: str) -> str:
    """Run ``node`` or ``npm`` and return its output.

    Args:
        command: The program and its arguments.
        timeout: Seconds after which the program and its children are killed.
        cwd: Working directory.
        environment: Additional environment variables.

    Raises:
        AssertionError: The program failed.
        subprocess.TimeoutExpired: The program did not end in time.
    """
    install_packages(FOLDER)
    with subprocess.Popen(
        [node_program(command[0]), *command[1:]],
        cwd=cwd,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            out, err = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            # Children would keep the pipes open, and block the end of this block.
            os.killpg(process.pid, signal.SIGKILL)
            raise
    assert process.returncode == 0, f"{out[-8000:]}\n{err[-4000:]}"
    return out
