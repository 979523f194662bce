"""Windows of pieces as batches, drawn reproducibly for each epoch."""

from __future__ import annotations

import itertools
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from magenta_bridge.data.dataset import Dataset, Inputs, Tune

Batch = tuple[Inputs, NDArray[np.int32], NDArray[np.float32]]


@dataclass(frozen=True, eq=False)
class Window:
    """A stretch of a tune's input ids: ``steps`` predictions from ``first`` on."""

    tune: Tune
    ids: NDArray[np.int32]
    first: int
    steps: int


class EpochSampler(ABC):
    """Cuts pieces into the fewest windows, at random places, and batches them in random order.

    Args:
        pieces: The pieces.
        window_steps: Predictions in a window; the last window of a piece may be shorter.
        batch: Windows in a batch.
        transpose: Lowest and highest transposition in semitones.
        seed: Seed of everything drawn.
    """

    def __init__(
        self,
        pieces: Sequence[Any],
        *,
        window_steps: int,
        batch: int,
        transpose: tuple[int, int],
        seed: int,
    ) -> None:
        self.pieces = list(pieces)
        self.window_steps, self.batch = window_steps, batch
        self.transpose, self._seed = transpose, seed
        self._drawn: tuple[int, list[Any]] = (-1, [])

    def windows(self, epoch: int) -> list[Any]:
        """Return all windows of an epoch in the order of training."""
        if self._drawn[0] != epoch:
            rng = np.random.default_rng([self._seed, epoch])
            drawn = [window for piece in self.pieces for window in self._split(piece, rng)]
            self._drawn = (epoch, [drawn[index] for index in rng.permutation(len(drawn))])
        return self._drawn[1]

    def _cuts(self, length: int, rng: np.random.Generator) -> list[tuple[int, int]]:
        """Draw begin and end of each window of a piece with ``length`` predictions."""
        slack = -length % self.window_steps
        first = min(self.window_steps - int(rng.integers(0, slack + 1)), length)
        return list(itertools.pairwise([0, *range(first, length, self.window_steps), length]))

    def batches(self, epoch: int) -> Iterator[Batch]:
        """Yield the batches of an epoch: network inputs, targets, weights.

        Weights are 0 after a window's end.
        """
        windows = self.windows(epoch)
        for begin in range(0, len(windows), self.batch):
            yield self._stack(windows[begin : begin + self.batch])

    def batch_count(self, epoch: int) -> int:
        """Return the number of batches in an epoch."""
        return -(-len(self.windows(epoch)) // self.batch)

    @abstractmethod
    def _split(self, piece: Any, rng: np.random.Generator) -> list[Any]:
        """Draw a piece's augmentation and its windows."""

    @abstractmethod
    def _stack(self, windows: Sequence[Any]) -> Batch:
        """Return a batch of windows."""


class WindowSampler(EpochSampler):
    """Batches of tunes; targets and weights are ``(batch, window_steps)``.

    Args:
        tunes: The tunes.
        dataset: Their encoding.
        options: See ``EpochSampler``.
    """

    def __init__(self, tunes: Sequence[Tune], dataset: Dataset, **options: Any) -> None:
        super().__init__(tunes, **options)
        self.dataset = dataset

    def _split(self, piece: Tune, rng: np.random.Generator) -> list[Window]:
        augmented = self.dataset.augment(piece, rng, self.transpose)
        ids = np.concatenate([[self.dataset.start_id(piece)], augmented]).astype(np.int32)
        cuts = self._cuts(len(augmented), rng)
        return [Window(piece, ids, begin, end - begin) for begin, end in cuts]

    def _stack(self, windows: Sequence[Window]) -> Batch:
        inputs = self.dataset.blank(self.batch, self.window_steps)
        targets = np.zeros((self.batch, self.window_steps), dtype=np.int32)
        weights = np.zeros((self.batch, self.window_steps), dtype=np.float32)
        for row, window in enumerate(windows):
            self.dataset.fill(inputs, row, window.ids, window.first, window.steps)
            end = window.first + window.steps
            targets[row, : window.steps] = window.ids[window.first + 1 : end + 1]
            weights[row, : window.steps] = 1.0
        return inputs, targets, weights
