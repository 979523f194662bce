"""The document for Live's users says of each control and of the strip what the devices say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.max_for_live.controls import DEVICES, FOLDER, table_of

DOCUMENT = "docs/max_for_live.md"


@pytest.mark.parametrize("device", DEVICES)
def test_each_control_is_explained_as_in_live(repository: Path, device: str) -> None:
    """The Info View and the document have the same words; on failure, paste the table."""
    text = (repository / DOCUMENT).read_text(encoding="utf-8")
    assert table_of(device) in text


def test_the_strip_says_what_the_document_explains(repository: Path) -> None:
    """Each sentence of the table is in a source, apart from what is filled in at ``...``."""
    text = (repository / DOCUMENT).read_text(encoding="utf-8").partition("## The strip")[2]
    rows = re.findall(r"^\| `([^`]+)` \|", text.partition("\n## ")[0], re.MULTILINE)
    assert len(rows) >= 8
    sources = "".join(
        path.read_text(encoding="utf-8")
        for folder in ("core", "node", "live")
        for path in sorted((FOLDER / folder).glob("**/*.ts"))
    )
    lost = [
        part
        for row in rows
        for part in row.split("...")
        if part.strip() and part.strip() not in sources
    ]
    assert lost == []
