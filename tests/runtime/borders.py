"""Cases in which two programs may sample differently, because of float32 rounding."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from magenta_bridge.runtime.sampler import SamplerOptions


def distance_to_border(
    logits: NDArray[np.float32], options: SamplerOptions, draws: NDArray[np.float32]
) -> float:
    """Return the distance of a sample from the closest border between two ids.

    Args:
        logits: ``(ids,)``; minus infinity for forbidden ids.
        options: Options of the sampler.
        draws: The two random numbers of the sample.
    """
    level = logits.astype(np.float64) * options.inverse_temperature
    shares = np.exp(level - level.max())
    shares /= shares.sum()
    sums, ranked = np.cumsum(shares), np.cumsum(np.sort(shares)[::-1])
    found = min(int(np.searchsorted(sums, draws[0])), len(sums) - 1)
    likelier = shares[shares > shares[found]].sum()
    last = int(np.argmax(ranked >= options.reach(len(ranked))[0]))
    distances = [
        np.abs(sums - draws[0]).min(),
        np.abs(ranked / ranked[last] - draws[1]).min(),
        np.abs(ranked - options.top_p).min(),
        abs(likelier - options.limit),
    ]
    return float(min(distances))
