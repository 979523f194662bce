"""How a piece repeats itself."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from magenta_bridge.evaluation.measures.tones import Tones


def bar_similarity(tones: Tones) -> NDArray[np.float64]:
    """Returns how alike each two bars are, ``(bars, bars)``, 0..1."""
    raise NotImplementedError


def bars_heard_before(tones: Tones) -> float:
    """Returns the share of bars whose notes were heard earlier, 0..1."""
    raise NotImplementedError


def groove_similarity(tones: Tones) -> float:
    """Returns how alike the rhythms of each two bars are, 0..1."""
    raise NotImplementedError


def pitch_class_entropy(tones: Tones, window_bars: int) -> float:
    """Returns the entropy of pitch classes in windows of some bars, in bits (H1, H4)."""
    raise NotImplementedError
