"""Windows of tunes as batches, drawn anew and reproducibly for each epoch."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from magenta_bridge.encodings import melody
from magenta_bridge.training.tunes import Tune

Batch = tuple[dict[str, NDArray[np.int32]], NDArray[np.int32], NDArray[np.float32]]


@dataclass(frozen=True)
class Window:
    """A stretch of one transposed tune: ``steps`` predictions from ``first`` on."""

    tune: Tune
    first: int
    steps: int
    semitones: int


class WindowSampler:
    """Deals tunes out in windows of equal length.

    Args:
        tunes: The tunes.
        window_steps: Predictions in a window; the last window of a tune may be shorter.
        batch: Windows in a batch.
        history_steps: Events before the window that the network sees.
        transpose: Lowest and highest transposition in semitones.
        seed: Decides everything drawn.
    """

    def __init__(
        self,
        tunes: Sequence[Tune],
        *,
        window_steps: int,
        batch: int,
        history_steps: int,
        transpose: tuple[int, int],
        seed: int,
    ) -> None:
        self.tunes = list(tunes)
        self.window_steps = window_steps
        self.batch = batch
        self.history_steps = history_steps
        self.transpose = transpose
        self.seed = seed

    def windows(self, epoch: int) -> list[Window]:
        """Returns all windows of an epoch in the order of training."""
        rng = np.random.default_rng([self.seed, epoch])
        drawn: list[Window] = []
        for tune in self.tunes:
            semitones = _transposition(tune, self.transpose, rng)
            cuts = self._cuts(len(tune.ids), rng)
            drawn.extend(
                Window(tune, begin, end - begin, semitones)
                for begin, end in itertools.pairwise(cuts)
            )
        order = rng.permutation(len(drawn))
        return [drawn[index] for index in order]

    def _cuts(self, length: int, rng: np.random.Generator) -> list[int]:
        """Cuts a tune into the fewest windows, at a place drawn anew each epoch."""
        slack = -length % self.window_steps
        first = min(self.window_steps - int(rng.integers(0, slack + 1)), length)
        return [0, *range(first, length, self.window_steps), length]

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
        steps, past = self.window_steps, self.history_steps
        inputs = {
            "ids": np.full((self.batch, steps), melody.PAD, dtype=np.int32),
            "history": np.full((self.batch, past), melody.PAD, dtype=np.int32),
            "meter": np.zeros(self.batch, dtype=np.int32),
            "position": np.zeros(self.batch, dtype=np.int32),
        }
        targets = np.zeros((self.batch, steps), dtype=np.int32)
        weights = np.zeros((self.batch, steps), dtype=np.float32)
        for row, window in enumerate(windows):
            ids = melody.transpose_ids(window.tune.ids, window.semitones)
            fed = np.concatenate([[melody.start_id(window.tune.meter)], ids]).astype(np.int32)
            end = window.first + window.steps
            before = fed[max(window.first - past, 0) : window.first]
            inputs["history"][row, past - len(before) :] = before
            inputs["ids"][row, : window.steps] = fed[window.first : end]
            inputs["meter"][row] = window.tune.meter
            bar = int(melody.bar_steps(*melody.METERS[window.tune.meter]))
            inputs["position"][row] = window.first % bar
            targets[row, : window.steps] = ids[window.first : end]
            weights[row, : window.steps] = 1.0
        return inputs, targets, weights


def _transposition(tune: Tune, bounds: tuple[int, int], rng: np.random.Generator) -> int:
    semitones = int(rng.integers(bounds[0], bounds[1] + 1))
    pitches = tune.pitches
    if not len(pitches):
        return 0
    return int(np.clip(semitones, -int(pitches.min()), 127 - int(pitches.max())))
