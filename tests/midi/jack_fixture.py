"""A JACK server without sound hardware, for tests that need real MIDI ports."""

from __future__ import annotations

import os
import shutil
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def jack(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """A running server, which this process and those that it starts find."""
    assert shutil.which("jackd"), "there is no program jackd; say make tools"
    name = f"test-{uuid.uuid4().hex[:8]}"
    words = ["jackd", "--no-realtime", "-n", name, "-d", "dummy", "-r", "48000", "-p", "256"]
    found = {
        "JACK_DEFAULT_SERVER": name,
        "JACK_NO_START_SERVER": "1",
        "MAGENTA_BRIDGE_MIDI": "jack",
    }
    for variable, value in found.items():
        monkeypatch.setenv(variable, value)
    log = tmp_path / "jackd.log"
    with (
        log.open("w") as told,
        subprocess.Popen(words, stdout=told, stderr=subprocess.STDOUT) as server,
    ):
        waited = subprocess.run(
            ["jack_wait", "-w", "-t", "20", "-s", name],
            capture_output=True,
            check=False,
            env={**os.environ, **found},
        )
        assert waited.returncode == 0, log.read_text()
        yield
        server.terminate()
