"""Each shipped bundle still draws the ids that it drew when it was shipped."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from magenta_bridge.generators.bundle import read_bundle
from magenta_bridge.generators.loading import shipped_bundles
from tests.models.golden import COUNT, FILE, golden_ids

GOLDEN: dict[str, list[int]] = json.loads(FILE.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", shipped_bundles(), ids=lambda path: path.stem)
def test_the_first_ids_are_as_they_were(path: Path) -> None:
    """A changed runtime, sampler or file shows here first."""
    assert golden_ids(read_bundle(path)) == GOLDEN[path.stem]


def test_every_bundle_has_its_ids_and_they_are_music() -> None:
    assert set(GOLDEN) == {path.stem for path in shipped_bundles()}
    for ids in GOLDEN.values():
        assert len(ids) == COUNT
        assert len(set(ids)) > 2
