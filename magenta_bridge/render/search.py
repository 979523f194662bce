"""Pictures of a search: objective against speed, and importance of hyperparameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
        label: Text beside the point.
        family: Determines its color.
        microseconds: Time per step.
        value: The objective, lower is better.
    """

    label: str
    family: str
    microseconds: float
    value: float


@dataclass(frozen=True)
class Trade:
    """One panel of ``draw_pareto``; ``unit`` is that of the points' values."""

    title: str
    unit: str
    points: Sequence[Point]


@dataclass(frozen=True)
class Importance:
    """One panel of ``draw_importance``.

    Attributes:
        title: What is compared.
        shares: Share of each hyperparameter, 0..1; may be empty.
        note: Text to show if ``shares`` is empty.
    """

    title: str
    shares: Mapping[str, float]
    note: str = ""


def pareto_front(points: Sequence[Point]) -> list[Point]:
    """Return the points that no other dominates, fastest first; the first of equal points."""
    front: list[Point] = []
    for point in sorted(points, key=lambda each: (each.microseconds, each.value)):
        if not front or point.value < front[-1].value:
            front.append(point)
    return front


def draw_pareto(panels: Sequence[Trade], path: Path) -> None:
    """Draw value against microseconds, with the front as a stepped line; see ``draw_panels``."""
    draw_panels(panels, _draw_trade, path)


def _draw_trade(axes: Axes, panel: Trade) -> None:
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
        label="Pareto front",
    )
    families = sorted({point.family for point in panel.points})
    for color, family in zip(COLORS, families, strict=False):
        points = [point for point in panel.points if point.family == family]
        axes.plot(
            [point.microseconds for point in points],
            [point.value for point in points],
            "o",
            color=color,
            markersize=6,
            label=family,
        )
    for point in front:
        axes.annotate(
            point.label,
            (point.microseconds, point.value),
            textcoords="offset points",
            xytext=(6, 6),
            fontsize=8,
            color=INK,
        )
    axes.set_xlabel("µs per step, one stream on one thread")
    axes.set_ylabel(panel.unit)
    axes.margins(x=0.1, y=0.12)
    axes.grid(color=LINES)
    axes.legend(frameon=False)


def draw_importance(panels: Sequence[Importance], path: Path) -> None:
    """Draw the shares as bars, the largest on top; see ``draw_panels``."""
    draw_panels(panels, _draw_shares, path)


def _draw_shares(axes: Axes, panel: Importance) -> None:
    axes.set_title(panel.title, fontsize=10, color=INK)
    if not panel.shares:
        write_note(axes, panel.note)
        return
    ordered = sorted(panel.shares.items(), key=lambda item: item[1])
    names = [name.replace("_", " ") for name, _ in ordered]
    bars = axes.barh(names, [100.0 * share for _, share in ordered], color=COLORS[0], height=0.6)
    axes.bar_label(bars, fmt="%.0f %%", padding=4, fontsize=8, color=INK)
    axes.set_xlabel("importance (share of the difference between the best trials and all), %")
    axes.margins(x=0.12)
