"""Arguments are parsed in the generator's types; seeds and files are planned per variation."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path

import click
import pytest

from magenta_bridge.cli.options.generate import (
    Targets,
    choose_seeds,
    plan_targets,
    read_settings,
)
from magenta_bridge.errors import InvalidArgumentError, NotFoundError
from magenta_bridge.limits import SEEDS
from tests.cli.tables import TABLE


def test_variations_use_consecutive_seeds_that_wrap_at_the_last() -> None:
    assert choose_seeds(7, 3) == [7, 8, 9]
    assert choose_seeds(SEEDS - 1, 2) == [SEEDS - 1, 0]


def test_the_default_seed_is_random_and_in_range() -> None:
    seeds = [choose_seeds(None, 1)[0] for _ in range(8)]
    assert all(0 <= seed < SEEDS for seed in seeds)
    assert len(set(seeds)) > 1


def test_values_are_parsed_in_the_type_of_the_argument() -> None:
    free = [("temperature", "0.5"), ("top_k", "4"), ("swing", "Yes"), ("scale", "minor")]
    values = read_settings({}, free, TABLE)
    assert values == {"temperature": 0.5, "top_k": 4, "swing": True, "scale": "minor"}
    assert isinstance(values["top_k"], int)


def test_options_that_are_not_given_are_omitted_and_set_overrides_them() -> None:
    named = {"temperature": 2.0, "top_k": None}
    assert read_settings(named, [("temperature", "0.5")], TABLE) == {"temperature": 0.5}


@pytest.mark.parametrize(
    "setting",
    [("temperature", "hot"), ("temperature", "99"), ("top_k", "1.5"), ("swing", "maybe")],
)
def test_an_invalid_value_is_reported_with_the_argument(setting: tuple[str, str]) -> None:
    with pytest.raises(InvalidArgumentError, match=f"^{setting[0]} must be"):
        read_settings({}, [setting], TABLE)


def test_the_error_about_an_unknown_argument_lists_the_known_ones() -> None:
    with pytest.raises(InvalidArgumentError, match="temperature, top_k"):
        read_settings({"tempo": 1.0}, [], TABLE)


def test_the_seed_has_its_own_option() -> None:
    with pytest.raises(click.UsageError, match="--seed"):
        read_settings({}, [("seed", "1")], TABLE)


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
def test_a_wrong_suffix_is_rejected(
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


def test_a_folder_that_cannot_be_created_is_rejected(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(NotFoundError):
        plan_targets(tmp_path / "a.mid", tmp_path / "file" / "a.png", None, 1)


def test_a_folder_is_not_accepted_as_a_file(tmp_path: Path) -> None:
    (tmp_path / "a.mid").mkdir()
    with pytest.raises(InvalidArgumentError, match="is a folder"):
        plan_targets(tmp_path / "a.mid", None, None, 1)


def test_checking_creates_no_files(tmp_path: Path) -> None:
    plan_targets(tmp_path / "a.mid", tmp_path / "a.png", tmp_path / "a.wav", 1)
    assert list(tmp_path.iterdir()) == []


def test_numbered_files_are_overwritten_on_request_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A link without a target counts as a file; files that the user named are replaced."""
    clip, picture, sound = (tmp_path / name for name in ("a.mid", "p.png", "s.wav"))
    (tmp_path / "p-2.png").symlink_to("nowhere")
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))  # not a terminal
    plan_targets(clip, picture, sound, 1)
    with pytest.raises(InvalidArgumentError, match=r"Not overwritten: .*p-2\.png\."):
        plan_targets(clip, picture, sound, 2)
    assert len(plan_targets(clip, picture, sound, 2, overwrite=True)) == 2
    sound.touch()
    assert len(plan_targets(clip, picture, sound, 1)) == 1


@pytest.mark.parametrize(("answer", "accepted"), [("y", True), ("n", False), ("", False)])
def test_a_terminal_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: str, accepted: bool
) -> None:
    clip = tmp_path / "a.mid"
    (tmp_path / "a-1.mid").touch()
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{answer}\n"))
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    with contextlib.nullcontext() if accepted else pytest.raises(InvalidArgumentError):
        plan_targets(clip, None, None, 2)
