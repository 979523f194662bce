"""The folder of a search belongs to one search."""

from __future__ import annotations

from pathlib import Path

import pytest

from magenta_bridge.errors import InvalidArgumentError, TrainingError
from magenta_bridge.lab.search.folder import check_manifest, write_manifest


def test_a_search_resumes_with_the_same_settings_only(tmp_path: Path) -> None:
    """The error names the settings that differ; unknown ones are not compared."""
    manifest = {"families": ["lstm"], "epochs": 3, "music": "abc"}
    check_manifest(tmp_path, manifest)
    write_manifest(tmp_path, manifest)
    write_manifest(tmp_path, manifest)
    check_manifest(tmp_path, {"families": ["lstm"], "epochs": 3})
    with pytest.raises(InvalidArgumentError, match="with other epochs and other music;"):
        check_manifest(tmp_path, {**manifest, "epochs": None, "music": "abd"})


def test_a_damaged_manifest_is_refused(tmp_path: Path) -> None:
    (tmp_path / "search.json").write_text("{", encoding="utf-8")
    with pytest.raises(TrainingError, match="damaged"):
        check_manifest(tmp_path, {"epochs": 3})
