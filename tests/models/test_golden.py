"""Each included bundle generates the ids that were recorded for it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from magenta_bridge.generators.bundle import read_bundle, shipped_bundles
from tests.models.golden import COUNT, FILE, golden_ids

GOLDEN: dict[str, list[int]] = json.loads(FILE.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", shipped_bundles(), ids=lambda path: path.stem)
def test_the_first_ids_are_unchanged(path: Path) -> None:
    """Detects changes of the runtime, sampler, or file."""
    assert golden_ids(read_bundle(path)) == GOLDEN[path.stem]


def test_every_bundle_has_recorded_ids_with_notes() -> None:
    assert set(GOLDEN) == {path.stem for path in shipped_bundles()}
    for ids in GOLDEN.values():
        assert len(ids) == COUNT
        assert len(set(ids)) > 2
