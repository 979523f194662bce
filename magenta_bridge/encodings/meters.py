"""The meters of the grid encodings, on a grid of sixteenths."""

from __future__ import annotations

from typing import Final

from magenta_bridge.errors import InvalidSequenceError
from magenta_bridge.noteseq import NoteSequence

STEPS_PER_QUARTER: Final = 4
METERS: Final[tuple[tuple[int, int], ...]] = (
    (2, 4), (3, 4), (4, 4), (3, 8), (6, 8), (9, 8), (12, 8), (6, 4),
)  # fmt: skip


def bar_steps(numerator: int, denominator: int) -> float:
    """Return the length of a bar in steps; whole for every meter of ``METERS``."""
    return 4.0 * STEPS_PER_QUARTER * numerator / denominator


def closest_meter(numerator: int, denominator: int) -> int:
    """Return the index in ``METERS`` of a meter, or of the one closest in bar length.

    2/2 (cut time) is 4/4 here: the same bar on the same grid.
    """
    if (numerator, denominator) in METERS:
        return METERS.index((numerator, denominator))
    wanted = bar_steps(numerator, denominator)
    compound = denominator >= 8 and numerator % 3 == 0

    def distance(index: int) -> tuple[float, bool, int]:
        gap = abs(bar_steps(*METERS[index]) - wanted)
        return gap, gap == 0 and (METERS[index][1] == 8) != compound, index

    return min(range(len(METERS)), key=distance)


def check_grid(sequence: NoteSequence, subject: str) -> None:
    """Check that a sequence is quantized at ``STEPS_PER_QUARTER``.

    Raises:
        InvalidSequenceError: It is not.
    """
    if sequence.quantization_info.steps_per_quarter != STEPS_PER_QUARTER:
        raise InvalidSequenceError(
            f"{subject} on a grid of {STEPS_PER_QUARTER} steps per quarter; quantize the "
            "sequence to it first.",
            field="sequence.quantization_info",
        )
