"""The number of files read is shown on a terminal, and nowhere else."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from magenta_bridge.cli.progress import count_files, print_message
from tests.cli.program import PROGRAM, ROOT


def test_a_pipe_gets_no_count(capsys: pytest.CaptureFixture[str]) -> None:
    with count_files() as on_file:
        for count in range(1, 26):
            on_file(count)
        print_message("done")
    assert capsys.readouterr().err == "done\n"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals")
def test_a_terminal_shows_the_count(tmp_path: Path) -> None:
    """The real program with a pseudo-terminal for its standard error."""
    import pty

    ours, theirs = pty.openpty()
    words = [PROGRAM, "evaluate", "gru_melody", "--data", str(ROOT / "tests" / "data" / "midi")]
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=theirs, cwd=tmp_path) as process:
        os.close(theirs)
        output = b""
        # Linux ends a terminal whose other side is gone with an error, macOS with nothing.
        while True:
            try:
                part = os.read(ours, 1024)
            except OSError:
                break
            if not part:
                break
            output += part
    os.close(ours)
    assert process.returncode == 0
    assert b"\r  10 files read" in output
    assert b"\r  30 files read" in output
    assert b"\rScoring" in output
