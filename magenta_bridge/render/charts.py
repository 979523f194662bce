"""Charts of several panels as one PNG, in the house style."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from magenta_bridge.errors import UnsupportedError
from magenta_bridge.files import save_bytes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLORS = ("#6A3DE8", "#12A594", "#E5484D", "#F5A524")
INK, LINES = "#5C6272", "#E8EAF0"
T = TypeVar("T")


def draw_panels(panels: Sequence[T], draw: Callable[[Axes, T], None], path: Path) -> None:
    """Draw panels side by side.

    Args:
        panels: What is drawn, left to right.
        draw: Draws one of them into its axes.
        path: Where to save the PNG; an existing file is replaced.

    Raises:
        UnsupportedError: matplotlib is not installed.
        NotFoundError: ``path`` cannot be written.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise UnsupportedError(
            'Charts need matplotlib; run: pip install "magenta-bridge[train]"'
        ) from error
    figure = Figure(figsize=(8.0 * len(panels), 4.5), dpi=120, layout="constrained")
    FigureCanvasAgg(figure)
    for place, panel in enumerate(panels, start=1):
        axes = figure.add_subplot(1, len(panels), place)
        axes.spines[["top", "right"]].set_visible(False)
        draw(axes, panel)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    save_bytes(path, buffer.getvalue())


def write_note(axes: Axes, note: str) -> None:
    """Write a sentence in the middle of a panel that has nothing to draw."""
    axes.set_axis_off()
    axes.text(0.5, 0.5, note, ha="center", va="center", color=INK, transform=axes.transAxes)
