"""MuseGAN's metrics: is music empty, chopped up, on the beat, and do two tracks agree."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from magenta_bridge.evaluation.measures.tones import Tones

MUSEGAN: Final[Mapping[str, Callable[[Tones], float]]] = {}


def tonal_distance(one: Tones, other: Tones) -> float:
    """Returns how far apart two tracks are in harmony, 0 up; nan where they never sound together."""
    raise NotImplementedError
