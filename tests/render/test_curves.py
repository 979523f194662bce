"""Learning curves are drawn as PNG files."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from magenta_bridge.render.charts import draw_loss_curve


@pytest.mark.parametrize(
    "history",
    [{"training": [2.0, 1.5, 1.2], "validation": [2.1, 1.6, 1.7]}, {"training": [1.0]}, {}],
    ids=["two curves", "one epoch", "nothing yet"],
)
@pytest.mark.parametrize("baseline", [None, 1.8])
def test_curves_of_any_length_are_drawn(
    history: dict[str, list[float]], baseline: float | None, tmp_path: Path
) -> None:
    path = tmp_path / "curve.png"
    draw_loss_curve(history, path, baseline=baseline)
    with Image.open(path) as picture:
        assert picture.format == "PNG"
        assert picture.width > 600
        colors = picture.convert("RGB").getcolors(1 << 20)
        assert colors is not None
        drawn = {color for _, color in colors}
    assert ((0x6A, 0x3D, 0xE8) in drawn) == bool(history)
