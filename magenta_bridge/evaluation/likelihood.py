"""Likelihood and accuracy of a model on held-out pieces."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from magenta_bridge.data.dataset import Dataset
from magenta_bridge.runtime.program import StepProgram

Piece = NDArray[np.int32]
"""One encoded piece: its start id, then its event ids, ``(1 + steps,)``."""


@dataclass(frozen=True)
class Score:
    """Sums over all steps of all pieces (a micro-average: every step has the same weight).

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
        """Share of steps predicted correctly, 0..1."""
        return self.hits / max(self.steps, 1)


def total(scores: Iterable[Score]) -> Score:
    """Add scores up."""
    parts = list(scores)
    return Score(
        nats=sum(part.nats for part in parts),
        hits=sum(part.hits for part in parts),
        steps=sum(part.steps for part in parts),
    )


@dataclass(frozen=True, eq=False)
class StepLikelihoods:
    """Log likelihoods of the steps of one piece.

    Attributes:
        nats: Minus the log likelihood of each step, in nats, ``(steps,)``.
        hits: Whether the likeliest event was the right one, ``(steps,)``.
        first: Index of the first step; those before it are not scored.
    """

    nats: NDArray[np.float64]
    hits: NDArray[np.bool_]
    first: int = 0

    @property
    def end(self) -> int:
        """Index after the last step."""
        return self.first + len(self.nats)

    @property
    def score(self) -> Score:
        """The sums over all steps."""
        return Score(float(self.nats.sum()), int(self.hits.sum()), len(self.nats))

    def moved(self, first: int) -> StepLikelihoods:
        """Return the same steps, numbered from ``first``."""
        return StepLikelihoods(self.nats, self.hits, first)

    def within(self, first: int, end: int) -> StepLikelihoods:
        """Return the steps ``first`` to ``end``, as far as they are scored."""
        begin, stop = max(first - self.first, 0), max(end - self.first, 0)
        return StepLikelihoods(self.nats[begin:stop], self.hits[begin:stop], max(first, self.first))


def log_likelihood(
    logits: NDArray[np.float32], targets: NDArray[np.int32], *, first: int = 0
) -> StepLikelihoods:
    """Compute the log likelihood of each step.

    Args:
        logits: ``(steps, ids)``.
        targets: The true ids, ``(steps,)``.
        first: Index of the step that the first row predicts.
    """
    wide = logits.astype(np.float64)
    top = wide.max(axis=1)
    normalizer = top + np.log(np.exp(wide - top[:, None]).sum(axis=1))
    chosen = wide[np.arange(len(targets)), targets]
    return StepLikelihoods(normalizer - chosen, wide.argmax(axis=1) == targets, first)


def score_logits(logits: NDArray[np.float32], targets: NDArray[np.int32]) -> Score:
    """Score logits; see ``log_likelihood``."""
    return log_likelihood(logits, targets).score


# Round lengths up to multiples of these, so that few shapes are compiled.
_SHORT: Final = 64
_LONG: Final = 1024


def score_program(program: StepProgram, pieces: Iterable[Piece]) -> Score:
    """Score pieces step by step with the exported program."""
    return total(each.score for each in score_pieces(program, pieces))


def score_pieces(program: StepProgram, pieces: Iterable[Piece]) -> Iterator[StepLikelihoods]:
    """Score each step of each piece with the exported program."""
    session = program.session()
    for piece in pieces:
        session.reset()
        logits = np.stack([session.step(int(value)) for value in piece[:-1]])
        yield log_likelihood(logits, piece[1:])
    program.release(session)


def score_network(network: Any, pieces: Iterable[Piece], dataset: Dataset) -> Score:
    """Score whole pieces with a Keras network of the step contract.

    Args:
        network: The network.
        pieces: Encoded pieces.
        dataset: Their encoding.
    """
    scores = []
    for piece in pieces:
        steps = len(piece) - 1
        unit = _SHORT if steps < _LONG else _LONG
        inputs = dataset.blank(1, -(-steps // unit) * unit)
        dataset.fill(inputs, 0, piece, 0, steps)
        logits = np.asarray(network.predict_on_batch(inputs))[0, :steps]
        scores.append(score_logits(logits, piece[1:]))
    return total(scores)
