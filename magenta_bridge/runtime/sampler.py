"""From logits to an id: mask, temperature, top-k, top-p, seed. Knows nothing of music."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

# So near to 1 that a float program still finds the last share that is kept.
_LAST_DRAW: Final = 1.0 - 2.0**-20
# Next to temperature 0 all but the best are infinitely unlikely, rightly.
_SHARPEST: Final = 1e6
_NEVER: Final = 2.0
_ALWAYS: Final = -1.0


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

    def as_tensors(self, ids: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Returns the options as an exported program takes them.

        Args:
            ids: How many ids there are.

        Returns:
            ``(1,)``, what logits are multiplied by, and ``(1, ids)``: a rank is the last that is
            kept when the probabilities up to it and with it reach this sum.
        """
        reach = np.full((1, ids), self.top_p if self.top_p < 1.0 else _NEVER, dtype=np.float32)
        reach[0, (min(self.kept, ids) or ids) - 1 :] = _ALWAYS
        return np.array([self.sharpness], dtype=np.float32), reach


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
        """Returns the numbers, 0 to below 1, that the next ``count`` choices are made with."""
        return np.minimum(self._random.random(count), _LAST_DRAW).astype(np.float32)

    def choose(self, logits: NDArray[np.float32], allowed: NDArray[np.bool_]) -> int:
        """Chooses one id: ids in order of probability share the numbers from 0 to 1.

        Args:
            logits: ``(ids,)``.
            allowed: ``(ids,)``, True where an id may be chosen; at least one must be.

        Returns:
            The id.
        """
        draw = float(self.draws(1)[0])
        ids = np.flatnonzero(allowed)
        level = logits[ids].astype(np.float64)
        weights = np.exp((level - level.max()) * self.options.sharpness)
        total = weights.sum()
        if self.options.top_p < 1.0:
            # All that are less likely than this do not together fill what top_p leaves over.
            near = weights >= (1.0 - self.options.top_p) * total / len(weights)
            ids, weights = ids[near], weights[near]
        order = np.argsort(-weights, kind="stable")
        sums = np.cumsum(weights[order])
        last = len(sums) - 1
        if self.options.top_p < 1.0:
            last = min(last, int(np.searchsorted(sums, self.options.top_p * total)))
        if self.options.kept:
            last = min(last, self.options.kept - 1)
        rank = int(np.searchsorted(sums[: last + 1], draw * sums[last], side="right"))
        return int(ids[order[min(rank, last)]])
