"""Files are counted where somebody looks on, and nowhere else."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from magenta_bridge.cli.progress.corpus_counter import count_files
from tests.cli.program import PROGRAM, ROOT


def test_nobody_looks_at_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    with count_files() as report:
        for _ in range(25):
            report.note_read()
    assert report.read == 25
    assert capsys.readouterr().err == ""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals")
def test_a_terminal_sees_the_count(tmp_path: Path) -> None:
    """The real program with a pseudo-terminal for its standard error."""
    import pty

    ours, theirs = pty.openpty()
    words = [PROGRAM, "evaluate", "gru_melody", "--data", str(ROOT / "tests" / "data" / "midi")]
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=theirs, cwd=tmp_path) as process:
        os.close(theirs)
        said = b""
        # Linux ends a terminal whose other side is gone with an error, macOS with nothing.
        while True:
            try:
                part = os.read(ours, 1024)
            except OSError:
                break
            if not part:
                break
            said += part
    os.close(ours)
    assert process.returncode == 0
    assert b"\r  10 files read" in said
    assert b"\r  30 files read" in said
