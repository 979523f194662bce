"""Remove sections that are played twice.

Dance tunes are written with repeat signs. A model trained on the repeats learns to continue a
primer with a copy of it. Varied repeats and repeated phrases stay.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

_LONGEST_BARS: Final = 16
_SHORTEST_BARS: Final = 4
_SECTION_BARS: Final = 8


def without_literal_repeats(ids: NDArray[np.int32], bar_steps: int) -> NDArray[np.int32]:
    """Drop the first playing of every section that is repeated at once.

    A section of eight bars or more may differ in its last bar (first and second ending), a
    shorter one in half of it.

    Args:
        ids: Event ids ``(steps,)`` from a bar line on.
        bar_steps: Steps in a bar.

    Returns:
        The remaining ids, from a bar line on.
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
    """Return the first step from which ``length`` steps equal those ``lag`` steps before."""
    differs = np.flatnonzero(ids[lag:] != ids[:-lag]) if len(ids) > lag else np.array([], int)
    if len(ids) - lag < length:
        return None
    edges = np.concatenate([[-1], differs, [len(ids) - lag]])
    runs = np.diff(edges) - 1
    long_enough = np.flatnonzero(runs >= length)
    return int(edges[long_enough[0]]) + 1 + lag if len(long_enough) else None
