"""Quality against speed, and the front: the points that no other beats in both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from magenta_bridge.render.charts import COLORS, INK, LINES, draw_panels, write_note

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True)
class Point:
    """One trial.

    Attributes:
        label: What stands beside it.
        family: Decides its color.
        microseconds: What a step costs.
        value: Figure of merit, lower is better.
    """

    label: str
    family: str
    microseconds: float
    value: float


@dataclass(frozen=True)
class Trade:
    """One panel; ``unit`` is that of the points' values."""

    title: str
    unit: str
    points: Sequence[Point]


def pareto_front(points: Sequence[Point]) -> list[Point]:
    """Return the points that no other beats or equals in both figures, fastest first.

    Of points that are equal in both, the first stays.
    """
    front: list[Point] = []
    for point in sorted(points, key=lambda each: (each.microseconds, each.value)):
        if not front or point.value < front[-1].value:
            front.append(point)
    return front


def draw_pareto(panels: Sequence[Trade], path: Path) -> None:
    """Draw value against microseconds with the front as a stepped line; see ``draw_panels``."""
    draw_panels(panels, _draw, path)


def _draw(axes: Axes, panel: Trade) -> None:
    axes.set_title(panel.title, fontsize=10, color=INK)
    if not panel.points:
        write_note(axes, "No trial is finished yet.")
        return
    front = pareto_front(panel.points)
    axes.plot(
        [point.microseconds for point in front],
        [point.value for point in front],
        color=INK,
        linestyle="--",
        linewidth=1.2,
        drawstyle="steps-post",
        label="front: none is better in both",
    )
    families = sorted({point.family for point in panel.points})
    for color, family in zip(COLORS, families, strict=False):
        _scatter(axes, [point for point in panel.points if point.family == family], color)
    for point in front:
        _write_label(axes, point)
    axes.set_xlabel("µs a step, one stream on one thread")
    axes.set_ylabel(panel.unit)
    axes.margins(x=0.1, y=0.12)
    axes.grid(color=LINES)
    axes.legend(frameon=False)


def _scatter(axes: Axes, points: Sequence[Point], color: str) -> None:
    axes.plot(
        [point.microseconds for point in points],
        [point.value for point in points],
        "o",
        color=color,
        markersize=6,
        label=points[0].family,
    )


def _write_label(axes: Axes, point: Point) -> None:
    axes.annotate(
        point.label,
        (point.microseconds, point.value),
        textcoords="offset points",
        xytext=(6, 6),
        fontsize=8,
        color=INK,
    )
