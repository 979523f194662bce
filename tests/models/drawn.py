"""Random valid pieces of every encoding."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from magenta_bridge.encodings import groove, polyphony
from magenta_bridge.encodings.performance import PerformanceGrammar

Ids = NDArray[np.int32]
# Of the kind, velocity and offset of a hit.
_RANGES = ((0, 3), (5, 128), (-4, 5))


def draw_ids(encoding: str, steps: int, seed: int) -> Ids:
    """Draw a piece of about ``steps`` steps whose second half starts like its first."""
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


def _groove(steps: int, rng: np.random.Generator) -> Ids:
    hits = {}
    for tick in rng.choice([0, 3, 4, 6, 8, 9, 12, 30], size=steps).cumsum().tolist():
        kind, velocity, offset = (int(rng.integers(low, high)) for low, high in _RANGES)
        hits[tick, kind] = groove.Hit(tick, kind, velocity, offset)
    return groove.encode(hits[key] for key in sorted(hits))


def _performance(steps: int, rng: np.random.Generator) -> Ids:
    grammar = PerformanceGrammar(np.isin(np.arange(128), (48, 60, 64)))
    drawn = np.zeros(steps, dtype=np.int32)
    for place in range(steps):
        drawn[place] = rng.choice(np.flatnonzero(grammar.mask()))
        grammar.add(int(drawn[place]))
    return drawn


def _polyphony(steps: int, rng: np.random.Generator) -> Ids:
    frames = np.zeros((steps, 128), dtype=np.uint8)
    for step in range(1, steps):
        held = np.flatnonzero(frames[step - 1] * rng.integers(0, 2, 128))
        frames[step, held] = 1
        frames[step, rng.integers(55, 67, size=rng.integers(0, 3))] = 2
    frames[steps // 2 : steps * 3 // 4] = frames[: steps * 3 // 4 - steps // 2]
    nothing_held = np.roll(frames, 1, axis=0) == 0
    frames[(frames == 1) & nothing_held] = 2
    return polyphony.ids_of(frames)


_DRAWS: dict[str, Callable[[int, np.random.Generator], Ids]] = {
    "drums": _drums,
    "groove": _groove,
    "melody": _melody,
    "polyphony": _polyphony,
    "performance": _performance,
}
