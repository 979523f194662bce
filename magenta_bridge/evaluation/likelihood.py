"""How well a model foretells music: likelihood and accuracy over held-out pieces."""

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


@dataclass(frozen=True, eq=False)
class StepLikelihoods:
    """How well the steps of one piece were foretold.

    Attributes:
        nats: Minus the log likelihood of each step, in nats, ``(steps,)``.
        hits: Whether the likeliest event was the right one, ``(steps,)``.
        first: Which step of the piece comes first here; those before it were not foretold.
    """

    nats: NDArray[np.float64]
    hits: NDArray[np.bool_]
    first: int = 0

    @property
    def end(self) -> int:
        """The step of the piece behind the last one here."""
        return self.first + len(self.nats)

    @property
    def score(self) -> Score:
        """The sums over all steps here."""
        return Score(float(self.nats.sum()), int(self.hits.sum()), len(self.nats))

    def moved(self, first: int) -> StepLikelihoods:
        """Returns the same steps as those of the piece from ``first`` on."""
        return StepLikelihoods(self.nats, self.hits, first)

    def within(self, first: int, end: int) -> StepLikelihoods:
        """Returns the steps ``first`` to ``end`` of the piece, as far as they are here."""
        begin, stop = max(first - self.first, 0), max(end - self.first, 0)
        return StepLikelihoods(self.nats[begin:stop], self.hits[begin:stop], max(first, self.first))


def log_likelihood(
    logits: NDArray[np.float32], targets: NDArray[np.int32], *, first: int = 0
) -> StepLikelihoods:
    """Looks up what was foretold of what came.

    Args:
        logits: ``(steps, ids)``.
        targets: What came, ``(steps,)``.
        first: Step of the piece that the first row foretells.
    """
    wide = logits.astype(np.float64)
    top = wide.max(axis=1)
    normalizer = top + np.log(np.exp(wide - top[:, None]).sum(axis=1))
    chosen = wide[np.arange(len(targets)), targets]
    return StepLikelihoods(normalizer - chosen, wide.argmax(axis=1) == targets, first)


def score_logits(logits: NDArray[np.float32], targets: NDArray[np.int32]) -> Score:
    """Scores predictions; arguments as for ``log_likelihood``."""
    return log_likelihood(logits, targets).score


# Lengths are rounded up to these, so that few shapes are compiled.
_SHORT: Final = 64
_LONG: Final = 1024


def score_program(program: StepProgram, pieces: Iterable[Piece]) -> Score:
    """Scores pieces step by step with the program that is served."""
    return total(each.score for each in score_pieces(program, pieces))


def score_pieces(program: StepProgram, pieces: Iterable[Piece]) -> Iterator[StepLikelihoods]:
    """Foretells each step of each piece with the program that is served."""
    session = program.session()
    for piece in pieces:
        session.reset()
        logits = np.stack([session.step(int(value)) for value in piece[:-1]])
        yield log_likelihood(logits, piece[1:])
    program.release(session)


def score_network(network: Any, pieces: Iterable[Piece], dataset: Dataset) -> Score:
    """Scores whole pieces with a Keras network of the step contract.

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
