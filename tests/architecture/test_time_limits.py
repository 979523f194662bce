"""A test that hangs ends, and so does the whole run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.architecture.sources import ROOT

_HANGS = """
import subprocess, sys

def test_hangs():
    endless = [sys.executable, "-c", "import threading; threading.Event().wait()"]
    with subprocess.Popen(endless, stdout=subprocess.PIPE) as process:
        process.stdout.read()

def test_is_still_run():
    pass
"""


def test_a_test_that_waits_for_its_process_ends(tmp_path: Path) -> None:
    """It hangs in a read, then in the wait for the process; the next test runs all the same."""
    (tmp_path / "conftest.py").write_text(
        "from tests.time_limits import pytest_addoption, pytest_runtest_protocol\n"
    )
    (tmp_path / "test_hangs.py").write_text(_HANGS)
    (tmp_path / "pytest.ini").write_text("[pytest]\ntimeout = 1\nkill_grace_s = 2\n")
    words = [sys.executable, "-m", "pytest", "-p", "no:xdist", "-p", "no:cacheprovider", "-q", "."]
    ended = subprocess.run(
        words,
        cwd=tmp_path,
        env=_with_path(),
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert ended.returncode == 1
    assert "1 failed, 1 passed" in ended.stdout
    assert "test_hangs.py::test_hangs hangs after 3 s" in ended.stdout


def test_a_run_that_takes_too_long_ends() -> None:
    """The limit on the whole run kills it with its children and fails."""
    run = [sys.executable, "-m", "tests.run_limited", "1", sys.executable, "-c"]
    ended = subprocess.run(
        [*run, "import threading; threading.Event().wait()"],
        cwd=ROOT, capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    assert ended.returncode == 1
    assert "took longer than 1 s" in ended.stderr


def test_a_run_in_time_keeps_its_exit_status() -> None:
    """The limit changes nothing for a run that ends by itself."""
    run = [
        sys.executable,
        "-m",
        "tests.run_limited",
        "90",
        sys.executable,
        "-c",
        "raise SystemExit(5)",
    ]
    assert subprocess.run(run, cwd=ROOT, timeout=100, check=False).returncode == 5


def _with_path() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT)}
