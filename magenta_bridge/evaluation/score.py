"""How well a model foretells music: likelihood and accuracy over held-out pieces."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Piece = NDArray[np.int32]
"""One encoded piece: its start id, then its event ids, ``(1 + steps,)``."""


@dataclass(frozen=True)
class Score:
    """Sums over all steps of all pieces (a micro-average: every step weighs the same).

    Attributes:
        nats: Sum of the negative log likelihood, in nats.
        hits: Steps at which the likeliest event was the right one.
        steps: Steps scored.
    """

    nats: float
    hits: int
    steps: int

    @property
    def nats_per_step(self) -> float:
        """Mean negative log likelihood, nats per step."""
        return self.nats / max(self.steps, 1)

    @property
    def accuracy(self) -> float:
        """Share of steps foretold, 0..1."""
        return self.hits / max(self.steps, 1)


def total(scores: Iterable[Score]) -> Score:
    """Adds scores up."""
    parts = list(scores)
    return Score(
        nats=sum(part.nats for part in parts),
        hits=sum(part.hits for part in parts),
        steps=sum(part.steps for part in parts),
    )


def score_logits(logits: NDArray[np.float32], targets: NDArray[np.int32]) -> Score:
    """Scores predictions.

    Args:
        logits: ``(steps, ids)``.
        targets: What came, ``(steps,)``.
    """
    wide = logits.astype(np.float64)
    top = wide.max(axis=1)
    normalizer = top + np.log(np.exp(wide - top[:, None]).sum(axis=1))
    chosen = wide[np.arange(len(targets)), targets]
    return Score(
        nats=float((normalizer - chosen).sum()),
        hits=int((wide.argmax(axis=1) == targets).sum()),
        steps=len(targets),
    )
