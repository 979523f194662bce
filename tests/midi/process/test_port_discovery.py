"""The survey of ports: a process that crashes is asked again, one that hangs is not."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from magenta_bridge.errors import UnsupportedError
from magenta_bridge.midi.process import port_discovery as surveys
from magenta_bridge.midi.process.port_discovery import Survey, survey

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the stand-in is a program of a shell")


def _stand_in(monkeypatch: pytest.MonkeyPatch, folder: Path, does: str) -> Path:
    """Puts a program in the survey's place; returns the file to which it adds a line a start."""
    program, starts = folder / "program", folder / "starts"
    program.write_text(f"#!/bin/sh\necho started >>'{starts}'\n{does}\n")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))
    return starts


def test_a_crash_is_forgiven(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    starts = tmp_path / "starts"
    answer = '{"inputs": ["keys"], "outputs": []}'
    _stand_in(
        monkeypatch,
        tmp_path,
        f"[ $(wc -l <'{starts}') = 3 ] || kill -SEGV $$\necho '{answer}'",
    )
    assert survey() == Survey(("keys",), ())


def test_crash_after_crash_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    starts = _stand_in(monkeypatch, tmp_path, "kill -SEGV $$")
    with pytest.raises(UnsupportedError, match="does not answer"):
        survey()
    assert starts.read_text().count("started") == 3


def test_a_system_that_hangs_is_waited_for_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    starts = _stand_in(monkeypatch, tmp_path, "exec tail -f /dev/null")
    monkeypatch.setattr(surveys, "_PATIENCE_S", 2.0)
    with pytest.raises(UnsupportedError, match="does not answer"):
        survey()
    assert starts.read_text().count("started") == 1
