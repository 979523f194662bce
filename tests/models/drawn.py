"""Pieces of every encoding, drawn at random but by its rules."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.int32]


def draw_ids(encoding: str, steps: int, seed: int) -> Ids:
    """Draws a piece of some ``steps`` steps of the grid, whose second half begins as its first."""
    rng = np.random.default_rng(seed)
    drawn = _DRAWS[encoding](steps, rng)
    half = len(drawn) // 2
    if encoding in ("melody", "drums"):
        drawn[half : half + half // 2] = drawn[: half // 2]
    return drawn


def _melody(steps: int, rng: np.random.Generator) -> Ids:
    return rng.choice([0, 0, 1, *range(62, 74)], size=steps).astype(np.int32)


def _drums(steps: int, rng: np.random.Generator) -> Ids:
    return rng.choice([0, 0, 1, 4, 5, 6, 260, 511], size=steps).astype(np.int32)


_DRAWS: dict[str, Callable[[int, np.random.Generator], Ids]] = {
    "drums": _drums,
    "melody": _melody,
}
