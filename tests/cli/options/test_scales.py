"""Scales and roots are parsed in the notation of musicians."""

from __future__ import annotations

import click
import pytest

from magenta_bridge.cli.options.types import SCALES, read_root, read_scale


@pytest.mark.parametrize(
    ("text", "root"),
    [("C", 0), ("c", 0), ("F#", 6), ("Gb", 6), ("Bb", 10), ("bb", 10), ("Cb", 11), ("7", 7)],
)
def test_a_root_is_a_note_name_or_a_pitch_class(text: str, root: int) -> None:
    assert read_root(text) == root


@pytest.mark.parametrize("text", ["", "H", "C##", "12", "-1", "C3"])
def test_an_invalid_root_is_rejected(text: str) -> None:
    with pytest.raises(click.BadParameter, match="is not a note name"):
        read_root(text)


@pytest.mark.parametrize("name", SCALES)
def test_every_named_scale_ascends_from_its_root(name: str) -> None:
    steps = [int(step) for step in SCALES[name].split(",")]
    assert steps[0] == 0
    assert steps == sorted(set(steps))
    assert max(steps) < 12
    assert read_scale(name.replace("-", " ").title()) == SCALES[name]


def test_semitones_may_be_given_in_any_order() -> None:
    assert read_scale("7, 0,4,4") == "0,4,7"


@pytest.mark.parametrize("text", ["", "0,12", "happy", "0;2", "-1,2"])
def test_an_invalid_scale_is_rejected(text: str) -> None:
    with pytest.raises(click.BadParameter, match="is not a scale"):
        read_scale(text)
