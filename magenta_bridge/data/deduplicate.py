"""Sections played twice are learned once.

Dance tunes are written with repeat signs and played out. A model that learns from the played
version learns above all that eight bars are followed by the same eight bars, and answers a
primer with its copy: true to the style, but useless as a continuation.
Varied repeats and repeated phrases stay; they are how such music is built.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

_LONGEST_BARS: Final = 16
_SHORTEST_BARS: Final = 4
_SECTION_BARS: Final = 8


def without_literal_repeats(ids: NDArray[np.int32], bar_steps: int) -> NDArray[np.int32]:
    """Drops the first playing of every section that is at once played again.

    The second playing is kept, since its ending leads on. A section of eight bars or more may
    differ in its last bar (first and second ending), a shorter one in half of it.

    Args:
        ids: Event ids ``(steps,)`` from a bar line on.
        bar_steps: Steps in a bar.

    Returns:
        The ids that are left; bars stay on the same places.
    """
    for bars in range(_LONGEST_BARS, _SHORTEST_BARS - 1, -1):
        lag = bars * bar_steps
        tolerated = bar_steps if bars >= _SECTION_BARS else bar_steps // 2
        start = _repeat_start(ids, lag, lag - tolerated)
        while start is not None:
            ids = np.concatenate([ids[: start - lag], ids[start:]])
            start = _repeat_start(ids, lag, lag - tolerated)
    return ids


def _repeat_start(ids: NDArray[np.int32], lag: int, length: int) -> int | None:
    """Returns the first step from which ``length`` steps equal those ``lag`` steps before."""
    differs = np.flatnonzero(ids[lag:] != ids[:-lag]) if len(ids) > lag else np.array([], int)
    if len(ids) - lag < length:
        return None
    edges = np.concatenate([[-1], differs, [len(ids) - lag]])
    runs = np.diff(edges) - 1
    long_enough = np.flatnonzero(runs >= length)
    return int(edges[long_enough[0]]) + 1 + lag if len(long_enough) else None
