"""Windows of piano rolls as batches, drawn reproducibly for each epoch."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

import numpy as np

from magenta_bridge.data.windows import cut
from magenta_bridge.pianoroll_benchmark.inputs import Fed, feed
from magenta_bridge.pianoroll_benchmark.roll import Roll, transpose


class RollSampler:
    """Deals pieces out in windows of equal length.

    Args:
        rolls: The pieces.
        output: ``sigmoid`` or ``joint``; see ``RollNetwork``.
        window_steps: Predicted frames in a window; a piece's last window may be shorter.
        batch: Windows in a batch.
        transpose: Lowest and highest transposition in semitones, drawn for each piece and epoch.
        seed: Decides everything drawn.
    """

    def __init__(
        self,
        rolls: Sequence[Roll],
        output: str,
        *,
        window_steps: int,
        batch: int,
        transpose: tuple[int, int],
        seed: int,
    ) -> None:
        self.rolls = [roll for roll in rolls if len(roll) > 1]
        self.output = output
        self.window_steps = window_steps
        self.batch = batch
        self.transpose = transpose
        self.seed = seed
        self._drawn: tuple[int, list[Roll]] = (-1, [])

    def windows(self, epoch: int) -> list[Roll]:
        """Returns the windows of an epoch in the order of training, one frame longer each."""
        if self._drawn[0] != epoch:
            self._drawn = (epoch, self._draw(epoch))
        return self._drawn[1]

    def _draw(self, epoch: int) -> list[Roll]:
        rng = np.random.default_rng([self.seed, epoch])
        low, high = self.transpose
        drawn: list[Roll] = []
        for roll in self.rolls:
            moved = transpose(roll, int(rng.integers(low, high + 1)))
            cuts = cut(len(roll) - 1, self.window_steps, rng)
            drawn.extend(moved[begin : end + 1] for begin, end in itertools.pairwise(cuts))
        return [drawn[index] for index in rng.permutation(len(drawn))]

    def batches(self, epoch: int) -> Iterator[Fed]:
        """Yields the batches of an epoch: network inputs, chosen ids, weights."""
        windows = self.windows(epoch)
        for begin in range(0, len(windows), self.batch):
            chosen = windows[begin : begin + self.batch]
            yield feed(chosen, self.output, rows=self.batch, steps=self.window_steps)

    def batch_count(self, epoch: int) -> int:
        """Returns how many batches ``batches(epoch)`` yields."""
        return -(-len(self.windows(epoch)) // self.batch)
