"""From logits to an id: mask, temperature, top-k, top-p, seed. Knows nothing of music."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


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


class Sampler:
    """Draws ids; the same seed, options and logits give the same ids.

    Args:
        options: How to choose.
        seed: Seed of the generator (PCG64), 0 or more.
    """

    def __init__(self, options: SamplerOptions, seed: int) -> None:
        self._options = options
        self._random = np.random.default_rng(seed)

    def choose(self, logits: NDArray[np.float32], allowed: NDArray[np.bool_]) -> int:
        """Chooses one id.

        Args:
            logits: ``(ids,)``.
            allowed: ``(ids,)``, True where an id may be chosen; at least one must be.

        Returns:
            The id.
        """
        masked = np.where(allowed, logits, -np.inf).astype(np.float64)
        best = int(np.argmax(masked))
        draw = float(self._random.random())
        if self._options.temperature <= 0.0:
            return best
        # Next to temperature 0 all but the best are infinitely unlikely, rightly.
        with np.errstate(over="ignore"):
            weights = np.exp((masked - masked[best]) / self._options.temperature)
        order = np.argsort(-weights, kind="stable")
        ranked = weights[order] / weights.sum()
        cumulative = np.cumsum(ranked[: self._kept(ranked)])
        place = int(np.searchsorted(cumulative, draw * cumulative[-1], side="right"))
        return int(order[min(place, len(cumulative) - 1)])

    def _kept(self, ranked: NDArray[np.float64]) -> int:
        """Returns how many of the ranked probabilities stay in the draw."""
        kept = int(np.count_nonzero(ranked))
        if self._options.top_k > 0:
            kept = min(kept, self._options.top_k)
        if self._options.top_p < 1.0:
            reached = int(np.searchsorted(np.cumsum(ranked), self._options.top_p)) + 1
            kept = min(kept, reached)
        return max(kept, 1)
