"""Bars with the bars before them, as the adversarial family learns them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from magenta_bridge.encodings import pianoroll
from magenta_bridge.encodings.meters import METERS, bar_steps
from magenta_bridge.training.tunes import Tune

Batch = dict[str, NDArray[np.generic]]


def bars_of(tune: Tune, tracks: int) -> tuple[int, NDArray[np.int32]] | None:
    """Writes a tune as bars in the white keys.

    Args:
        tune: Melody ids; those of two tracks alternate step by step.
        tracks: 1 or 2.

    Returns:
        The kind of meter and ``(bars, tracks, STEPS)``; None when its bars are too long.
    """
    kind, bar = pianoroll.meter_kind(tune.meter)
    written = int(bar_steps(*METERS[tune.meter]))
    if bar % written:
        return None
    lines = tuple(tune.ids[track::tracks] for track in range(tracks))
    return kind, pianoroll.to_bars(lines, bar, shift=pianoroll.white_shift(*lines))


class BarSampler:
    """Deals bars out in batches, each with the four before it.

    Args:
        tunes: The tunes; those with too long bars are left out.
        tracks: Lines that sound together, 1 or 2.
        noise_units: Length of the noise.
        batch: Bars in a batch; the last incomplete batch of an epoch is dropped.
        seed: Decides order and noise.
    """

    def __init__(
        self, tunes: Sequence[Tune], *, tracks: int, noise_units: int, batch: int, seed: int
    ) -> None:
        cut = [found for tune in tunes if (found := bars_of(tune, tracks)) is not None]
        self.songs = [bars for _, bars in cut]
        self.kinds = np.array([kind for kind, _ in cut], dtype=np.int32)
        self._places = np.array(
            [
                (song, place)
                for song, bars in enumerate(self.songs)
                for place in range(len(bars))
                if place == 0 or bars[place].any()
            ],
            dtype=np.int64,
        ).reshape(-1, 2)
        silence = np.full(
            (pianoroll.HISTORY_BARS, tracks, pianoroll.STEPS), pianoroll.PAD, dtype=np.int32
        )
        self._padded = [np.concatenate([silence, bars]) for bars in self.songs]
        self._noise_units, self.batch, self._seed = noise_units, min(batch, len(self._places)), seed

    def batch_count(self) -> int:
        """Returns how many batches an epoch has."""
        return len(self._places) // self.batch if self.batch else 0

    def batches(self, epoch: int) -> Iterator[tuple[Batch]]:
        """Yields the inputs of ``models.gan.network.BarGAN``, batch by batch."""
        rng = np.random.default_rng([self._seed, epoch])
        order = rng.permutation(len(self._places))
        for index in range(self.batch_count()):
            chosen = self._places[order[index * self.batch : (index + 1) * self.batch]]
            yield (self._stack(chosen, rng),)

    def _stack(self, chosen: NDArray[np.int64], rng: np.random.Generator) -> Batch:
        span = pianoroll.HISTORY_BARS
        windows = np.stack([self._padded[song][at : at + span + 1] for song, at in chosen])
        noise = rng.standard_normal((2, len(chosen), self._noise_units)).astype(np.float32)
        return {
            "previous": windows[:, :span],
            "bar": windows[:, span],
            "meter": self.kinds[chosen[:, 0]],
            "noise": noise[0],
            "spare": noise[1],
        }
