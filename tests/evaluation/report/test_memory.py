"""Memory and waiting are looked at from a process of its own."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from magenta_bridge.errors import BundleError
from magenta_bridge.evaluation.report.memory import footprint_of
from magenta_bridge.generators.loading import find_bundle_file


def test_a_bundle_takes_memory_and_time() -> None:
    path = find_bundle_file("gru_melody")
    found = footprint_of(path, 1.0)
    assert found.clip_s > 0.0
    if sys.platform in ("linux", "darwin"):
        assert found.resident_bytes is not None
        assert found.grown_bytes is not None
        assert path.stat().st_size < found.grown_bytes < found.resident_bytes


def test_a_bundle_that_cannot_be_loaded_is_named(tmp_path: Path) -> None:
    broken = tmp_path / "broken.mag"
    broken.write_bytes(b"no bundle")
    with pytest.raises(BundleError, match=r"broken\.mag could not be loaded"):
        footprint_of(broken, 1.0)
