"""Port discovery retries a process that crashes, but not one that hangs."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from magenta_bridge.errors import UnsupportedError
from magenta_bridge.midi.process import port_discovery
from magenta_bridge.midi.process.port_discovery import PortNames, discover_ports

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the fake program is a shell script")


def _fake_program(monkeypatch: pytest.MonkeyPatch, folder: Path, does: str) -> Path:
    """Replace the child process; return the file to which it adds a line per start."""
    program, starts = folder / "program", folder / "starts"
    program.write_text(f"#!/bin/sh\necho started >>'{starts}'\n{does}\n")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))
    return starts


def test_a_crash_is_retried(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    starts = tmp_path / "starts"
    answer = '{"inputs": ["keys"], "outputs": []}'
    _fake_program(
        monkeypatch,
        tmp_path,
        f"[ $(wc -l <'{starts}') = 3 ] || kill -SEGV $$\necho '{answer}'",
    )
    assert discover_ports() == PortNames(("keys",), ())


def test_repeated_crashes_raise_an_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    starts = _fake_program(monkeypatch, tmp_path, "kill -SEGV $$")
    with pytest.raises(UnsupportedError):
        discover_ports()
    assert starts.read_text().count("started") == 3


def test_a_hung_system_is_not_retried(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    starts = _fake_program(monkeypatch, tmp_path, "exec tail -f /dev/null")
    monkeypatch.setattr(port_discovery, "_TIMEOUT_S", 2.0)
    with pytest.raises(UnsupportedError):
        discover_ports()
    assert starts.read_text().count("started") == 1
