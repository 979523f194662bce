"""Pictures of a search: the Pareto front and which hyperparameter matters."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from magenta_bridge.errors import NotFoundError
from magenta_bridge.render.search import (
    Importance,
    Point,
    Trade,
    draw_importance,
    draw_pareto,
    pareto_front,
)

POINTS = [
    Point("slow and best", "lstm", 90.0, 0.70),
    Point("fast", "gru", 40.0, 0.90),
    Point("beaten in both", "gru", 95.0, 0.95),
    Point("as fast as fast, and worse", "lstm", 40.0, 0.92),
    Point("between", "lstm", 60.0, 0.80),
    Point("as good as between, and slower", "gru", 70.0, 0.80),
]


def _ink(path: Path) -> int:
    with Image.open(io.BytesIO(path.read_bytes())) as picture:
        return int((np.asarray(picture.convert("L")) < 250).sum())


def test_the_front_holds_what_none_beats() -> None:
    """Worked out by hand; ties in one figure go to the better in the other."""
    assert [point.label for point in pareto_front(POINTS)] == ["fast", "between", "slow and best"]


def test_the_front_of_equals_is_one_and_of_nothing_is_nothing() -> None:
    same = [Point("one", "lstm", 1.0, 1.0), Point("other", "lstm", 1.0, 1.0)]
    assert [point.label for point in pareto_front(same)] == ["one"]
    assert pareto_front([]) == []


def test_the_front_does_not_depend_on_the_order() -> None:
    assert pareto_front(POINTS[::-1]) == pareto_front(POINTS)


def test_panels_stand_side_by_side(tmp_path: Path) -> None:
    one = Trade("lstm, gru", "nats", POINTS)
    draw_pareto([one], tmp_path / "one.png")
    draw_pareto([one, Trade("gan", "distance", [])], tmp_path / "two.png")
    sizes = []
    for name in ("one", "two"):
        with Image.open(tmp_path / f"{name}.png") as picture:
            sizes.append(picture.size)
    assert sizes[1] == (2 * sizes[0][0], sizes[0][1])
    assert _ink(tmp_path / "two.png") > _ink(tmp_path / "one.png") // 2


def test_too_few_trials_are_said_in_the_picture(tmp_path: Path) -> None:
    draw_importance([Importance("lstm", {}, "Too few trials.")], tmp_path / "said.png")
    draw_importance([Importance("lstm", {}, "")], tmp_path / "silent.png")
    assert _ink(tmp_path / "said.png") > _ink(tmp_path / "silent.png")


def test_a_larger_share_has_a_longer_bar(tmp_path: Path) -> None:
    draw_importance([Importance("lstm", {"rate": 0.9, "units": 0.1})], tmp_path / "shares.png")
    with Image.open(tmp_path / "shares.png") as picture:
        pixels = np.asarray(picture.convert("RGB")).astype(int)
    bars = (np.abs(pixels - (0x6A, 0x3D, 0xE8)).sum(axis=2) < 12).sum(axis=1)
    half = len(bars) // 2
    assert bars[:half].max() > 5 * bars[half:].max() > 0


def test_a_folder_that_is_not_there_is_said_in_words(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="cannot be written"):
        draw_pareto([Trade("lstm", "nats", POINTS)], tmp_path / "nowhere" / "pareto.png")
