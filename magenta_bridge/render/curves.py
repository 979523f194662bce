"""Learning curves as a picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from magenta_bridge.render.charts import COLORS, INK, LINES, draw_panels

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def draw_loss_curve(
    history: Mapping[str, Sequence[float]],
    path: Path,
    *,
    baseline: float | None = None,
    unit: str = "nats per step",
) -> None:
    """Draw one curve per entry over the epochs and marks the best value of each.

    Args:
        history: Values by name, one per epoch, the first epoch first.
        path: Where to save the PNG; an existing file is replaced.
        baseline: A value to beat, drawn as a dashed line, in the same unit; None for none.
        unit: Unit of all values, for the axis.

    Raises:
        UnsupportedError: matplotlib is not installed.
        NotFoundError: ``path`` cannot be written.
    """

    def draw(axes: Axes, curves: Mapping[str, Sequence[float]]) -> None:
        for index, (name, values) in enumerate(curves.items()):
            _draw_curve(axes, name, values, COLORS[index % len(COLORS)])
        if baseline is not None:
            label = f"baseline {baseline:.3f}"
            axes.axhline(baseline, color=INK, linestyle="--", linewidth=1.2, label=label)
        axes.set_xlabel("epoch")
        axes.set_ylabel(unit)
        _tidy(axes)

    draw_panels([history], draw, path)


def _draw_curve(axes: Axes, name: str, values: Sequence[float], color: str) -> None:
    axes.plot(range(1, len(values) + 1), values, color=color, linewidth=1.8, label=name)
    if not values:
        return
    best = min(range(len(values)), key=values.__getitem__)
    axes.plot(best + 1, values[best], "o", color=color, markersize=5)
    axes.annotate(
        f"{values[best]:.3f}",
        (best + 1, values[best]),
        textcoords="offset points",
        xytext=(0, -14),
        ha="center",
        fontsize=8,
        color=color,
    )


def _tidy(axes: Axes) -> None:
    from matplotlib.ticker import MaxNLocator

    axes.margins(y=0.12)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(color=LINES)
    if axes.get_legend_handles_labels()[0]:
        axes.legend(frameon=False)
