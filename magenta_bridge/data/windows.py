"""Windows of tunes as batches, drawn reproducibly for each epoch."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from magenta_bridge.data.dataset import Inputs, Material
from magenta_bridge.data.example import Tune

Batch = tuple[Inputs, NDArray[np.int32], NDArray[np.float32]]


@dataclass(frozen=True, eq=False)
class Window:
    """A stretch of one tune as it is fed: ``steps`` predictions from ``first`` on."""

    tune: Tune
    fed: NDArray[np.int32]
    first: int
    steps: int


def cut(length: int, window_steps: int, rng: np.random.Generator) -> list[int]:
    """Return where to cut a piece into the fewest windows, at random places.

    Args:
        length: Predictions in the piece, 1 or more.
        window_steps: Most predictions in a window.
        rng: Draws the length of the first window.

    Returns:
        Beginnings and ends, from 0 to ``length``.
    """
    slack = -length % window_steps
    first = min(window_steps - int(rng.integers(0, slack + 1)), length)
    return [0, *range(first, length, window_steps), length]


class WindowSampler:
    """Deals tunes out in windows of equal length.

    Args:
        tunes: The tunes.
        material: Their encoding.
        window_steps: Predictions in a window; the last window of a tune may be shorter.
        batch: Windows in a batch.
        transpose: Lowest and highest transposition in semitones.
        seed: Decides everything drawn.
    """

    def __init__(
        self,
        tunes: Sequence[Tune],
        material: Material,
        *,
        window_steps: int,
        batch: int,
        transpose: tuple[int, int],
        seed: int,
    ) -> None:
        self.tunes = list(tunes)
        self.material = material
        self.window_steps = window_steps
        self.batch = batch
        self.transpose = transpose
        self.seed = seed
        self._drawn: tuple[int, list[Window]] = (-1, [])

    def windows(self, epoch: int) -> list[Window]:
        """Returns all windows of an epoch in the order of training."""
        if self._drawn[0] != epoch:
            self._drawn = (epoch, self._draw(epoch))
        return self._drawn[1]

    def _draw(self, epoch: int) -> list[Window]:
        rng = np.random.default_rng([self.seed, epoch])
        drawn: list[Window] = []
        for tune in self.tunes:
            ids = self.material.varied(tune, rng, self.transpose)
            fed = np.concatenate([[self.material.start_id(tune)], ids]).astype(np.int32)
            cuts = cut(len(ids), self.window_steps, rng)
            drawn.extend(
                Window(tune, fed, begin, end - begin) for begin, end in itertools.pairwise(cuts)
            )
        order = rng.permutation(len(drawn))
        return [drawn[index] for index in order]

    def batches(self, epoch: int) -> Iterator[Batch]:
        """Yields the batches of an epoch: network inputs, targets, weights.

        Targets and weights are ``(batch, window_steps)``; a weight is 0 beyond a window's end.
        """
        windows = self.windows(epoch)
        for begin in range(0, len(windows), self.batch):
            yield self._stack(windows[begin : begin + self.batch])

    def batch_count(self, epoch: int) -> int:
        """Returns how many batches ``batches(epoch)`` yields."""
        return -(-len(self.windows(epoch)) // self.batch)

    def _stack(self, windows: Sequence[Window]) -> Batch:
        inputs = self.material.blank(self.batch, self.window_steps)
        targets = np.zeros((self.batch, self.window_steps), dtype=np.int32)
        weights = np.zeros((self.batch, self.window_steps), dtype=np.float32)
        for row, window in enumerate(windows):
            self.material.fill(inputs, row, window.fed, window.first, window.steps)
            end = window.first + window.steps
            targets[row, : window.steps] = window.fed[window.first + 1 : end + 1]
            weights[row, : window.steps] = 1.0
        return inputs, targets, weights
