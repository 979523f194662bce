"""Output files are named, and their folders tried, before any work."""

from __future__ import annotations

from pathlib import Path

import pytest

from magenta_bridge.cli.options.output_paths import Targets, plan_targets
from magenta_bridge.errors import InvalidArgumentError, NotFoundError


def test_one_variation_keeps_its_names(tmp_path: Path) -> None:
    clip, picture = tmp_path / "a.mid", tmp_path / "a.PNG"
    assert plan_targets(clip, picture, None, 1) == [Targets(clip, picture, None)]


def test_variations_are_numbered_from_one(tmp_path: Path) -> None:
    targets = plan_targets(tmp_path / "a.b.mid", tmp_path / "p.png", tmp_path / "s.wav", 2)
    names = [[path.name for path in (t.clip, t.picture, t.sound) if path] for t in targets]
    assert names == [["a.b-1.mid", "p-1.png", "s-1.wav"], ["a.b-2.mid", "p-2.png", "s-2.wav"]]


@pytest.mark.parametrize(
    ("clip", "picture", "sound"),
    [("a.txt", None, None), ("a", None, None), ("a.mid", "p.jpg", None), ("a.mid", None, "s.mp3")],
)
def test_a_wrong_suffix_is_refused(
    clip: str, picture: str | None, sound: str | None, tmp_path: Path
) -> None:
    drawn = None if picture is None else tmp_path / picture
    recorded = None if sound is None else tmp_path / sound
    with pytest.raises(InvalidArgumentError, match="must end in"):
        plan_targets(tmp_path / clip, drawn, recorded, 1)


def test_a_missing_folder_is_created_for_every_kind_of_file(tmp_path: Path) -> None:
    plan_targets(tmp_path / "a" / "b" / "a.mid", None, tmp_path / "c" / "a.wav", 1)
    assert (tmp_path / "a" / "b").is_dir()
    assert (tmp_path / "c").is_dir()


def test_a_folder_that_cannot_be_created_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(NotFoundError):
        plan_targets(tmp_path / "a.mid", tmp_path / "file" / "a.png", None, 1)


def test_a_folder_cannot_be_written_as_a_file(tmp_path: Path) -> None:
    (tmp_path / "a.mid").mkdir()
    with pytest.raises(InvalidArgumentError, match="is a folder"):
        plan_targets(tmp_path / "a.mid", None, None, 1)


def test_checking_creates_no_files(tmp_path: Path) -> None:
    plan_targets(tmp_path / "a.mid", tmp_path / "a.png", tmp_path / "a.wav", 1)
    assert list(tmp_path.iterdir()) == []
