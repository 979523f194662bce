"""Bars with the bars before them, as the adversarial family learns them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from magenta_bridge.data.example import Tune
from magenta_bridge.encodings import bars as pianoroll
from magenta_bridge.encodings.bars import Song
from magenta_bridge.encodings.meters import METERS, bar_steps
from magenta_bridge.recipe import Recipe

Batch = dict[str, NDArray[np.generic]]


def tracks_of(recipe: Recipe) -> int:
    """Returns how many lines a recipe's network makes."""
    return 2 if recipe.bundle.encoding == "duo" else 1


def songs_of(tunes: Iterable[Tune], tracks: int) -> list[Song]:
    """Writes tunes as bars; those whose bars do not fit are left out."""
    return [song for tune in tunes if (song := bars_of(tune, tracks)) is not None]


def bars_of(tune: Tune, tracks: int) -> Song | None:
    """Writes a tune as bars in the white keys, from the first bar that begins with a note.

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
    bars = pianoroll.to_bars(lines, bar, shift=pianoroll.white_shift(*lines))
    begins = _begins(bars)
    return (kind, bars[begins[0] :]) if len(begins) else None


def first_step(tune: Tune, tracks: int) -> int:
    """Returns where in its ids the bars of a tune begin; see ``bars_of``, which is not None."""
    _, bar = pianoroll.meter_kind(tune.meter)
    lines = tuple(tune.ids[track::tracks] for track in range(tracks))
    return int(_begins(pianoroll.to_bars(lines, bar))[0]) * bar * tracks


def _begins(bars: NDArray[np.int32]) -> NDArray[np.int64]:
    """Returns the numbers of the bars that begin with a note of the first track."""
    return np.flatnonzero(bars[:, 0, 0] >= 2)


class GeneratedHistory:
    """Songs that the generator made, as what comes before a bar.

    Args:
        songs: ``(songs, bars, tracks, STEPS)``, more than ``HISTORY_BARS`` bars each.
        kinds: Kind of meter of each, ``(songs,)``.
    """

    def __init__(self, songs: NDArray[np.int32], kinds: NDArray[np.int32]) -> None:
        silence = np.full_like(songs[:, :1], pianoroll.PAD)
        self._padded = np.concatenate([*[silence] * pianoroll.HISTORY_BARS, songs], axis=1)
        self._by_kind = {int(kind): np.flatnonzero(kinds == kind) for kind in np.unique(kinds)}

    def before(self, kind: int, place: int, rng: np.random.Generator) -> NDArray[np.int32]:
        """Draw the bars before a bar from generated music in the same kind of meter.

        Args:
            kind: Kind of meter.
            place: The bar's number in its song; from the length of the history on, any other.
            rng: Draws the song.

        Returns:
            ``(HISTORY_BARS, tracks, STEPS)``, padded where there is less.
        """
        span, bars = pianoroll.HISTORY_BARS, self._padded.shape[1]
        first = place if place < span else int(rng.integers(span, bars - span + 1))
        return self._padded[rng.choice(self._by_kind[kind]), first : first + span]


class BarSampler:
    """Deals bars out in batches, each with the four before it.

    Args:
        tunes: The tunes; those with too long bars are left out.
        tracks: Lines that sound together, 1 or 2.
        batch: Bars in a batch; the last incomplete batch of an epoch is dropped.
        seed: Decides order and noise.
    """

    def __init__(self, tunes: Sequence[Tune], *, tracks: int, batch: int, seed: int) -> None:
        cut = songs_of(tunes, tracks)
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
        self._noise_units = tracks * pianoroll.STEPS * pianoroll.EVENT_IDS
        self.batch, self._seed = min(batch, len(self._places)), seed

    def batch_count(self) -> int:
        """Returns how many batches an epoch has."""
        return len(self._places) // self.batch if self.batch else 0

    def batches(
        self, epoch: int, history: GeneratedHistory | None = None
    ) -> Iterator[tuple[Batch]]:
        """Yields the inputs of ``models.gan.network.BarGAN``, batch by batch.

        Args:
            epoch: Decides order and noise, with the seed.
            history: What the generator generated; None to use real bars instead.
        """
        rng = np.random.default_rng([self._seed, epoch])
        order = rng.permutation(len(self._places))
        for index in range(self.batch_count()):
            chosen = self._places[order[index * self.batch : (index + 1) * self.batch]]
            yield (self._stack(chosen, history, rng),)

    def _stack(
        self, chosen: NDArray[np.int64], history: GeneratedHistory | None, rng: np.random.Generator
    ) -> Batch:
        span = pianoroll.HISTORY_BARS
        windows = np.stack([self._padded[song][at : at + span + 1] for song, at in chosen])
        kinds = self.kinds[chosen[:, 0]]
        generated = windows[:, :span]
        if history is not None:
            places = zip(kinds.tolist(), chosen[:, 1].tolist(), strict=True)
            generated = np.stack([history.before(kind, place, rng) for kind, place in places])
        return {
            "previous": windows[:, :span],
            "bar": windows[:, span],
            "meter": kinds,
            "generated": generated,
            "noise": rng.standard_normal((len(chosen), self._noise_units), dtype=np.float32),
        }
