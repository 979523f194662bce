"""Likelihood of each piece over the steps that all models predict."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from magenta_bridge.evaluation.likelihood import Piece, StepLikelihoods
from magenta_bridge.evaluation.metrics.bootstrap import (
    Interval,
    micro_interval,
    paired_difference,
)

_BITS = 1.0 / math.log(2.0)


@dataclass(frozen=True, eq=False)
class PairedLikelihood:
    """Sums of each piece.

    Attributes:
        nats: Minus the log likelihood, nats, ``(pieces,)``.
        hits: Steps at which the likeliest event was the right one, ``(pieces,)``.
        steps: Steps predicted, ``(pieces,)``.
        notes: Notes that begin in them, ``(pieces,)``, 1 or more each.
    """

    nats: NDArray[np.float64]
    hits: NDArray[np.int64]
    steps: NDArray[np.int64]
    notes: NDArray[np.int64]

    @property
    def nats_per_step(self) -> Interval:
        """Mean over all steps, and its interval over pieces."""
        return micro_interval(self.nats, self.steps)

    @property
    def bits_per_note(self) -> Interval:
        """Bits for each note, rests and lengths included, and its interval over pieces."""
        return micro_interval(self.nats * _BITS, self.notes)

    @property
    def accuracy(self) -> Interval:
        """Share of steps predicted correctly, 0..1, and its interval over pieces."""
        return micro_interval(self.hits.astype(np.float64), self.steps)

    def more_than(self, other: PairedLikelihood) -> Interval:
        """Return the paired difference from another model in bits per note."""
        return paired_difference(self.nats * _BITS, other.nats * _BITS, self.notes)


def align_steps(
    likelihoods: Mapping[str, Sequence[StepLikelihoods | None]],
    pieces: Sequence[Piece],
    note_onsets: Callable[[Piece], NDArray[np.int64]],
) -> tuple[list[int], dict[str, PairedLikelihood]]:
    """Sum up the steps of each piece that every model predicts.

    Args:
        likelihoods: Likelihoods of each piece by model; None where the model cannot read it.
        pieces: Event ids of each piece, without the start id.
        note_onsets: Counts the notes that begin with each event id.

    Returns:
        Indices of the pieces that every model predicts, with a note in the common steps, and
        the sums by model.
    """
    kept: list[int] = []
    rows: dict[str, list[tuple[float, int, int, int]]] = {name: [] for name in likelihoods}
    for index, ids in enumerate(pieces):
        likelihood = {name: each[index] for name, each in likelihoods.items()}
        common = {name: each for name, each in likelihood.items() if each is not None}
        if len(common) < len(likelihood):
            continue
        first = max(each.first for each in common.values())
        end = min(each.end for each in common.values())
        notes = int(note_onsets(ids[first:end]).sum()) if end > first else 0
        if not notes:
            continue
        kept.append(index)
        for name, each in common.items():
            score = each.within(first, end).score
            rows[name].append((score.nats, score.hits, score.steps, notes))
    return kept, {name: _paired(each) for name, each in rows.items()}


def _paired(rows: Sequence[tuple[float, int, int, int]]) -> PairedLikelihood:
    nats, hits, steps, notes = np.array(rows, dtype=np.float64).reshape(-1, 4).T
    return PairedLikelihood(
        nats, hits.astype(np.int64), steps.astype(np.int64), notes.astype(np.int64)
    )
