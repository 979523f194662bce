"""The README's five lines of Python, run as they stand against a real server."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from magenta_bridge import read
from tests.architecture.sources import ROOT

EXAMPLE_ADDRESS = "127.0.0.1:50051"


@pytest.fixture
def address() -> Iterator[str]:
    """Where a server started by the command line listens; it ends with the test."""
    program = Path(sys.executable).with_name("magenta-bridge")
    with subprocess.Popen(
        [program, "serve", "--port", "0"], stdout=subprocess.PIPE, text=True
    ) as server:
        try:
            assert server.stdout is not None
            found = re.search(r"127\.0\.0\.1:\d+", server.stdout.readline())
            assert found is not None
            yield found.group()
        finally:
            server.terminate()


def test_the_five_lines_continue_a_tune(address: str, tmp_path: Path) -> None:
    """Copied from the README into a file, the example writes a clip with notes."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    found = re.search(r"^```python\n(.*?)^```", readme, re.MULTILINE | re.DOTALL)
    assert found is not None
    code = found.group(1)
    assert len([line for line in code.splitlines() if line]) <= 5
    assert EXAMPLE_ADDRESS in code
    shutil.copyfile(ROOT / "tests/data/midi/melody.mid", tmp_path / "tune.mid")
    subprocess.run(
        [sys.executable, "-c", code.replace(EXAMPLE_ADDRESS, address)], cwd=tmp_path, check=True
    )
    assert read(tmp_path / "next.mid").notes
