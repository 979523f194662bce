"""The meters that the grid encodings know, on a grid of sixteenths."""

from __future__ import annotations

from typing import Final

STEPS_PER_QUARTER: Final = 4
METERS: Final[tuple[tuple[int, int], ...]] = (
    (2, 4), (3, 4), (4, 4), (3, 8), (6, 8), (9, 8), (12, 8), (6, 4),
)  # fmt: skip


def bar_steps(numerator: int, denominator: int) -> float:
    """Returns the length of a bar in steps; whole for every meter of ``METERS``."""
    return 4.0 * STEPS_PER_QUARTER * numerator / denominator


def closest_meter(numerator: int, denominator: int) -> int:
    """Returns the index in ``METERS`` of a meter, or of the one nearest in bar length.

    2/2 (cut time) is 4/4 here: the same bar on the same grid.
    """
    if (numerator, denominator) in METERS:
        return METERS.index((numerator, denominator))
    wanted = bar_steps(numerator, denominator)
    by_distance = sorted(
        range(len(METERS)), key=lambda index: (abs(bar_steps(*METERS[index]) - wanted), index)
    )
    same_length = [i for i in by_distance if bar_steps(*METERS[i]) == wanted]
    compound = denominator >= 8 and numerator % 3 == 0
    for index in same_length:
        if (METERS[index][1] == 8) == compound:
            return index
    return (same_length or by_distance)[0]
