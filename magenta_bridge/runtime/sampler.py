"""From logits to an id: mask, temperature, top-k, top-p, seed. Knows nothing of music."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

# So far below 1 that float32, adding up hundreds of shares, still ends beyond it.
_LAST_DRAW: Final = 1.0 - 2.0**-14
# Next to temperature 0 all but the best are infinitely unlikely, rightly.
_SHARPEST: Final = 1e6
# Beyond all sums of probabilities, and before all.
ALL: Final = 2.0
NONE: Final = -1.0


@dataclass(frozen=True)
class SamplerOptions:
    """How to choose.

    Attributes:
        temperature: Logits are divided by it; 0 always takes the likeliest id.
        top_k: Keep only the k likeliest ids; 0 keeps all.
        top_p: Keep the smallest set of likeliest ids whose probabilities reach this sum
            ("nucleus", Holtzman et al. 2020, section 3.1); 1 keeps all.
    """

    temperature: float = 1.0
    top_k: int = 0
    top_p: float = 1.0

    @property
    def sharpness(self) -> float:
        """What logits are multiplied by; 1 where the likeliest is taken anyhow."""
        if self.temperature <= 0.0:
            return 1.0
        return 1.0 / max(self.temperature, 1.0 / _SHARPEST)

    @property
    def kept(self) -> int:
        """How many ids are kept at most; 0 for all."""
        return 1 if self.temperature <= 0.0 else self.top_k

    @property
    def limit(self) -> float:
        """An id is surely kept when all likelier ones together have less than this probability."""
        if self.kept:
            return NONE
        return self.top_p if self.top_p < 1.0 else ALL

    def reach(self, ids: int) -> NDArray[np.float32]:
        """Returns where the ranks that are kept end, ``(1, ids)``.

        A rank is the last when the probabilities up to it and with it reach its number.
        """
        ends = np.full((1, ids), self.top_p if self.top_p < 1.0 else ALL, dtype=np.float32)
        ends[0, (min(self.kept, ids) or ids) - 1 :] = NONE
        return ends


class Sampler:
    """Draws ids; the same seed, options and logits give the same ids.

    Args:
        options: How to choose.
        seed: Seed of the generator (PCG64), 0 or more.

    Attributes:
        options: How to choose.
    """

    def __init__(self, options: SamplerOptions, seed: int) -> None:
        self.options = options
        self._random = np.random.default_rng(seed)

    def draws(self, count: int) -> NDArray[np.float32]:
        """Returns what the next ``count`` choices are made with, ``(count, 2)``, 0 to below 1."""
        return np.minimum(self._random.random((count, 2)), _LAST_DRAW).astype(np.float32)

    def choose(self, logits: NDArray[np.float32], allowed: NDArray[np.bool_]) -> int:
        """Chooses one id.

        All ids share the numbers from 0 to 1, and the first number drawn names one. Where it is
        not among those that are kept, these alone share the numbers, and the second one names
        one of them: so each of those that are kept comes as often as its probability says, and
        ids are hardly ever to be put in order.

        Args:
            logits: ``(ids,)``.
            allowed: ``(ids,)``, True where an id may be chosen; at least one must be.

        Returns:
            The id.
        """
        draw, redraw = self.draws(1)[0].tolist()
        level = np.where(allowed, logits, -np.inf).astype(np.float64)
        weights = np.exp((level - level.max()) * self.options.sharpness)
        sums = weights.cumsum()
        total = float(sums[-1])
        found = int(sums.searchsorted(draw * total, side="right"))
        likelier = float(weights[weights > weights[found]].sum())
        if likelier < self.options.limit * total:
            return found
        return self._choose_ranked(weights / total, redraw)

    def _choose_ranked(self, shares: NDArray[np.float64], draw: float) -> int:
        order = np.argsort(-shares, kind="stable")
        sums = shares[order].cumsum()
        last = int(np.argmax(sums >= self.options.reach(len(shares))[0]))
        return int(order[sums[: last + 1].searchsorted(draw * sums[last], side="right")])
