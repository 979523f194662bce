"""Which hyperparameters matter, as a picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from magenta_bridge.render.charts import COLORS, INK, draw_panels, write_note

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True)
class Importance:
    """One panel.

    Attributes:
        title: What is compared.
        shares: Share of each hyperparameter, 0..1; empty where nothing can be said.
        note: What stands there instead.
    """

    title: str
    shares: Mapping[str, float]
    note: str = ""


def draw_importance(panels: Sequence[Importance], path: Path) -> None:
    """Draw the shares as bars, the largest on top; see ``draw_panels``."""
    draw_panels(panels, _draw, path)


def _draw(axes: Axes, panel: Importance) -> None:
    axes.set_title(panel.title, fontsize=10, color=INK)
    if not panel.shares:
        write_note(axes, panel.note)
        return
    ordered = sorted(panel.shares.items(), key=lambda item: item[1])
    names = [name.replace("_", " ") for name, _ in ordered]
    bars = axes.barh(names, [100.0 * share for _, share in ordered], color=COLORS[0], height=0.6)
    axes.bar_label(bars, fmt="%.0f %%", padding=4, fontsize=8, color=INK)
    axes.set_xlabel("share of what sets the best trials apart from the others, %")
    axes.margins(x=0.12)
