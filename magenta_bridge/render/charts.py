"""Charts of several panels as one PNG, and learning curves."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from magenta_bridge.errors import UnsupportedError
from magenta_bridge.files import save_bytes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLORS = ("#6A3DE8", "#12A594", "#E5484D", "#F5A524")
INK, LINES = "#5C6272", "#E8EAF0"
T = TypeVar("T")

_SOFTWARE: Final = "Magenta Bridge"
_HEAD_BYTES: Final = 1000


def draw_panels(panels: Sequence[T], draw: Callable[[Axes, T], None], path: Path) -> None:
    """Draw panels side by side.

    Args:
        panels: The panels, left to right.
        draw: Draws one of them into its axes.
        path: The PNG file, replaced if it exists.

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
    figure.savefig(buffer, format="png", metadata={"Software": _SOFTWARE})
    save_bytes(path, buffer.getvalue())


def is_chart(path: Path) -> bool:
    """Return whether a file is a picture that this module drew."""
    try:
        with path.open("rb") as file:
            return b"Software\0" + _SOFTWARE.encode() in file.read(_HEAD_BYTES)
    except OSError:
        return False


def write_note(axes: Axes, note: str) -> None:
    """Write a sentence in the middle of a panel that has nothing to draw."""
    axes.set_axis_off()
    axes.text(0.5, 0.5, note, ha="center", va="center", color=INK, transform=axes.transAxes)


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
