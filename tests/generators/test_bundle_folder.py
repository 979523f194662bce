"""A bundle folder: which files are bundles, and what has changed since the last listing."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from magenta_bridge.errors import InvalidArgumentError, NotFoundError
from magenta_bridge.generators.bundle_folder import BundleFolder, Changes, Stamp, find_stamp
from tests.contract.rpc_cases import NO_BUNDLE_NAMES

OLD, NEW = Stamp(10, 1), Stamp(10, 2)


def test_a_listing_has_only_bundles(tmp_path: Path) -> None:
    """Neither folders, hidden files, other files, nor links that lead nowhere."""
    (tmp_path / "b.mag").write_bytes(b"four")
    (tmp_path / "a.MAG").write_bytes(b"")
    (tmp_path / ".c.mag").write_bytes(b"")
    (tmp_path / "d.mag.part").write_bytes(b"")
    (tmp_path / "e.mag").mkdir()
    if sys.platform != "win32":
        (tmp_path / "f.mag").symlink_to(tmp_path / "nowhere.mag")
        os.mkfifo(tmp_path / "g.mag")
    there = BundleFolder(tmp_path).look()
    assert list(there) == ["a.MAG", "b.mag"]
    assert there["b.mag"].size == 4


def test_a_folder_that_is_gone_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="nowhere"):
        BundleFolder(tmp_path / "nowhere").look()


def test_a_bundle_is_found_by_its_name() -> None:
    there = {"b.mag": OLD}
    assert find_stamp(there, "b.mag") == OLD
    with pytest.raises(NotFoundError, match=r"'c\.mag'.* b\.mag"):
        find_stamp(there, "c.mag")


@pytest.mark.parametrize("name", NO_BUNDLE_NAMES)
def test_an_invalid_name_is_refused(name: str) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        find_stamp({name: OLD}, name)
    assert caught.value.field == "name"


def test_a_file_is_loaded_once_it_is_stable() -> None:
    changes = Changes()
    assert changes.see({"a": OLD}) == ([], [])
    assert changes.see({"a": NEW}) == ([], [])
    assert changes.see({"a": NEW, "b": OLD}) == (["a"], [])
    changes.done("a", NEW)
    assert changes.see({"a": NEW, "b": OLD}) == (["b"], [])


def test_a_file_is_gone_when_it_is_missing_twice() -> None:
    """A file that is only moved before its successor appears is not."""
    changes = Changes()
    changes.see({"a": OLD})
    changes.done("a", OLD)
    assert changes.see({}) == ([], [])
    assert changes.see({"a": NEW}) == ([], [])
    assert changes.see({"a": NEW}) == (["a"], [])
    changes.done("a", NEW)
    assert changes.see({}) == ([], [])
    assert changes.see({}) == ([], ["a"])
    assert changes.see({}) == ([], [])


def test_a_file_that_cannot_be_loaded_is_tried_again() -> None:
    changes = Changes(attempts=3)
    assert [changes.may_yet_come("a", OLD) for _ in range(3)] == [True, True, False]
    assert changes.may_yet_come("a", NEW), "a changed file is tried again"


def test_a_file_that_was_never_loaded_is_gone_like_others() -> None:
    changes = Changes()
    changes.see({"a": OLD})
    changes.see({"a": OLD})
    assert changes.may_yet_come("a", OLD)
    assert [changes.see({}), changes.see({})] == [([], []), ([], ["a"])]


def test_a_file_may_be_loaded_again() -> None:
    changes = Changes()
    changes.see({"a": OLD})
    changes.done("a", OLD)
    assert changes.see({"a": OLD}) == ([], [])
    changes.again("a")
    assert changes.see({"a": OLD}) == (["a"], [])
