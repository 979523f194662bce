"""Sample an id from logits: mask, temperature, top-k, top-p, seed.

Low temperatures have a pitfall. The likeliest next event is often that nothing begins, although
all notes together are likelier; taking the likeliest event again and again then writes rests, or
one note forever (Holtzman et al. 2020, section 3). An encoding therefore may divide its ids into
kinds, such as rests and notes. Below a temperature of ``kind_floor``, the kinds keep the
probabilities that they have at ``kind_floor``, and only the choice within a kind gets safer.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

# Far enough below 1 that a float32 sum of hundreds of probabilities exceeds it.
_LAST_DRAW: Final = 1.0 - 2.0**-14
# Near temperature 0 all ids but the likeliest have probability 0.
_MAX_INVERSE_TEMPERATURE: Final = 1e6
# Above and below every sum of probabilities.
ALL: Final = 2.0
NONE: Final = -1.0


@dataclass(frozen=True)
class SamplerOptions:
    """Sampling options.

    Attributes:
        temperature: Divisor of the logits; 0 always takes the likeliest id.
        top_k: Keep only the k likeliest ids; 0 keeps all.
        top_p: Keep the smallest set of likeliest ids whose probabilities reach this sum
            ("nucleus", Holtzman et al. 2020, section 3.1); 1 keeps all.
        kinds: Kind of each id, numbers from 0, ``(ids,)``; None for a single kind.
        kind_floor: Lowest temperature at which kinds are chosen; 0 for no such limit.
    """

    temperature: float = 1.0
    top_k: int = 0
    top_p: float = 1.0
    kinds: NDArray[np.int32] | None = field(default=None, compare=False)
    kind_floor: float = 0.0

    @property
    def keeps_kinds(self) -> bool:
        """Whether the temperature is so low that kinds keep their probabilities."""
        return self.kinds is not None and self.temperature < self.kind_floor

    @property
    def inverse_temperature(self) -> float:
        """Factor of the logits; 1 where the logits themselves have the temperature.

        At temperature 0, only the likeliest id is kept.
        """
        if self.temperature <= 0.0 or self.keeps_kinds:
            return 1.0
        return 1.0 / max(self.temperature, 1.0 / _MAX_INVERSE_TEMPERATURE)

    @property
    def kept(self) -> int:
        """Maximum number of ids kept; 0 for all."""
        return 1 if self.temperature <= 0.0 and not self.keeps_kinds else self.top_k

    @property
    def limit(self) -> float:
        """An id is kept when all likelier ids together have less than this probability."""
        if self.kept:
            return NONE
        return self.top_p if self.top_p < 1.0 else ALL

    def reach(self, ids: int) -> NDArray[np.float32]:
        """Return the cumulative probability at which each rank is the last kept, ``(1, ids)``."""
        ends = np.full((1, ids), self.top_p if self.top_p < 1.0 else ALL, dtype=np.float32)
        ends[0, (min(self.kept, ids) or ids) - 1 :] = NONE
        return ends


class Sampler:
    """Samples ids; the same seed, options, and logits give the same ids.

    Args:
        options: Sampling options.
        seed: Seed of the generator (PCG64), 0 or more.

    Attributes:
        options: Sampling options.
    """

    def __init__(self, options: SamplerOptions, seed: int) -> None:
        self.options = options
        self._random = np.random.default_rng(seed)
        self._returned = np.zeros((0, 2), dtype=np.float32)

    def draws(self, count: int) -> NDArray[np.float32]:
        """Return random numbers for the next ``count`` choices, ``(count, 2)``, 0 to below 1."""
        first, self._returned = self._returned[:count], self._returned[count:]
        new = self._random.random((count - len(first), 2))
        return np.concatenate([first, np.minimum(new, _LAST_DRAW).astype(np.float32)])

    def give_back(self, draws: NDArray[np.float32]) -> None:
        """Make the latest random numbers those of the next choices again, ``(choices, 2)``."""
        self._returned = np.concatenate([draws, self._returned])

    def choose(self, logits: NDArray[np.float32], allowed: NDArray[np.bool_]) -> int:
        """Choose one id.

        The first random number chooses among all ids. If that id is not kept, the second number
        chooses among the kept ids. Kept ids therefore have their correct probabilities, and
        sorting is rarely needed.

        Args:
            logits: ``(ids,)``.
            allowed: ``(ids,)``, True where an id may be chosen; at least one is True.
        """
        draw, redraw = self.draws(1)[0].tolist()
        level = np.where(allowed, logits, -np.inf).astype(np.float64)
        if self.options.kinds is not None and self.options.keeps_kinds:
            level = _with_kinds(level, self.options, self.options.kinds)
        weights = np.exp((level - level.max()) * self.options.inverse_temperature)
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


def _with_kinds(
    level: NDArray[np.float64], options: SamplerOptions, kinds: NDArray[np.int32]
) -> NDArray[np.float64]:
    """Return logits with the kinds of ``kind_floor``, and within a kind the temperature's."""
    at_floor = np.exp((level - level.max()) / options.kind_floor)
    of_kinds = np.bincount(kinds, weights=at_floor)
    best = np.full(len(of_kinds), -np.inf)
    np.maximum.at(best, kinds, level)
    # A kind without an allowed id has no best one, and its share below is 0.
    behind = level - np.where(np.isfinite(best), best, 0.0)[kinds]
    within = np.exp(behind / max(options.temperature, 1.0 / _MAX_INVERSE_TEMPERATURE))
    sums = np.bincount(kinds, weights=within)
    with np.errstate(divide="ignore"):
        found: NDArray[np.float64] = np.log(
            of_kinds[kinds] * within / np.where(sums > 0, sums, 1.0)[kinds]
        )
    return found
