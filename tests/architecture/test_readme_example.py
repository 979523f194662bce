"""The README's five lines of Python run as written."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

from magenta_bridge import read
from tests.architecture.sources import ROOT


def test_the_five_lines_continue_a_tune(tmp_path: Path) -> None:
    """The example writes a clip with notes and its picture."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    found = re.search(r"^```python\n(.*?)^```", readme, re.MULTILINE | re.DOTALL)
    assert found is not None
    code = found.group(1)
    assert len([line for line in code.splitlines() if line]) <= 5
    shutil.copyfile(ROOT / "tests/data/midi/melody.mid", tmp_path / "tune.mid")
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True, timeout=100)
    assert read(tmp_path / "next.mid").notes
    assert (tmp_path / "next.png").stat().st_size > 0
