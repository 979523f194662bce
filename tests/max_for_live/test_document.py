"""The documentation has the same texts as the devices."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.max_for_live.controls import DEVICES, table_of
from tests.max_for_live.node import FOLDER

DOCUMENT = "docs/max_for_live.md"
STATUS_SECTION = "## What does the status line say?"


@pytest.mark.parametrize("device", DEVICES)
def test_each_control_has_the_text_of_the_info_view(repository: Path, device: str) -> None:
    """If it fails, paste the output of ``table_of``."""
    text = (repository / DOCUMENT).read_text(encoding="utf-8")
    assert table_of(device) in text


def test_each_status_is_in_the_sources(repository: Path) -> None:
    """``...`` in the table stands for values."""
    text = (repository / DOCUMENT).read_text(encoding="utf-8").partition(STATUS_SECTION)[2]
    rows = re.findall(r"^\| `([^`]+)` \|", text.partition("\n## ")[0], re.MULTILINE)
    assert len(rows) >= 8
    sources = "".join(
        path.read_text(encoding="utf-8")
        for folder in ("core", "node", "live")
        for path in sorted((FOLDER / folder).glob("**/*.ts"))
    )
    missing = [
        part
        for row in rows
        for part in row.split("...")
        if part.strip() and part.strip() not in sources
    ]
    assert missing == []
