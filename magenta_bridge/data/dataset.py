"""A dataset: what a model of one encoding learns from, and what its network reads."""

from __future__ import annotations

import importlib
from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, cast

import numpy as np
from numpy.typing import NDArray

from magenta_bridge.data.corpus import Piece
from magenta_bridge.encodings.meters import METERS, bar_steps, closest_meter
from magenta_bridge.errors import NotFoundError
from magenta_bridge.noteseq import NoteSequence

Inputs = dict[str, NDArray[np.generic]]
LONGEST_BAR: Final = max(int(bar_steps(*meter)) for meter in METERS)
_ENCODINGS: Final = ("drums", "duo", "groove", "melody", "performance", "polyphony")
# Places are numbered by meter and step in the bar; every bar is shorter.
_PLACES_PER_METER: Final = 64


@dataclass(frozen=True)
class Tune:
    """One piece of music, or a stretch of one, as event ids.

    Attributes:
        name: Piece it comes from, and the number of its stretch.
        title: Title of the piece, which groups settings of one tune; may be empty.
        meter: Index in ``encodings.meters.METERS``; 0 for music without bars.
        ids: Event ids ``(steps,)`` without the start id. On a grid, the first is on a bar line.
        pitches: Pitches of its leading line in order, ``(notes,)``, MIDI numbers; empty if there
            is no title. Tunes that share a run of them are versions of one another.
    """

    name: str
    title: str
    meter: int
    ids: NDArray[np.int32]
    pitches: NDArray[np.int32] = field(default_factory=lambda: np.zeros(0, dtype=np.int32))


def title_of(piece: Piece) -> str:
    """Return the title of a score, or the name of a file's first instrument; may be empty.

    The titles of MIDI files do not count, so that splits of shipped models stay as they are.
    """
    names = [info.name for info in piece.music.instrument_infos if info.name]
    is_midi = piece.music.source_info.encoding_type == NoteSequence.SourceInfo.MIDI
    title = "" if is_midi else piece.music.sequence_metadata.title
    return title or (names[0] if names else "")


class Dataset(ABC):
    """What differs between encodings in training and evaluation.

    A network's input ids are a tune's start id followed by its event ids; step ``n`` reads
    ``ids[n]`` and predicts ``ids[n + 1]``.

    Args:
        encoding: Name of the encoding.
        event_ids: Number of ids that a network chooses from; the start ids of the meters follow.
        pad: Padding id.
        unit: Unit of a step, e.g. ``sixteenth step`` or ``token``.
        noun: Name of the tunes, in the plural.
    """

    def __init__(self, encoding: str, event_ids: int, pad: int, unit: str, noun: str) -> None:
        self.encoding, self.event_ids, self.pad = encoding, event_ids, pad
        self.unit, self.noun = unit, noun

    @abstractmethod
    def tunes_of(self, pieces: Iterable[Piece]) -> list[Tune]:
        """Encode pieces, leaving out those that do not fit the encoding."""

    def start_id(self, tune: Tune) -> int:
        """Return the first input id."""
        return self.event_ids + tune.meter

    @abstractmethod
    def augment(
        self, tune: Tune, rng: np.random.Generator, transpose: tuple[int, int]
    ) -> NDArray[np.int32]:
        """Return a tune's ids as one epoch reads them.

        Args:
            tune: The tune.
            rng: Draws the variation. The same state gives the same ids.
            transpose: Lowest and highest transposition in semitones; ``(0, 0)`` means no
                augmentation of any kind.
        """

    @abstractmethod
    def blank(self, batch: int, steps: int) -> Inputs:
        """Return a batch of network inputs that contains only padding."""

    @abstractmethod
    def fill(
        self, inputs: Inputs, row: int, ids: NDArray[np.int32], first: int, steps: int
    ) -> None:
        """Write ``ids[first : first + steps]`` and their context into a row of a batch."""

    @abstractmethod
    def places(self, ids: NDArray[np.int32]) -> NDArray[np.int64] | None:
        """Return the known context of each predicted step as a number, ``(steps,)``.

        On a grid it is the meter and the place in the bar; None if nothing is known in advance.
        """

    def _meter_and_bar(self, ids: NDArray[np.int32]) -> tuple[int, int]:
        meter = int(ids[0]) - self.event_ids
        return meter, int(bar_steps(*METERS[meter]))

    def _grid_places(self, ids: NDArray[np.int32], steps: NDArray[np.integer]) -> NDArray[np.int64]:
        """Return the numbers of the positions of the grid steps at which ids are predicted."""
        meter, bar = self._meter_and_bar(ids)
        return (meter * _PLACES_PER_METER + steps % bar).astype(np.int64)


def random_shift(
    pitches: NDArray[np.integer],
    rng: np.random.Generator,
    transpose: tuple[int, int],
    keys: tuple[int, int] = (0, 127),
) -> int:
    """Draw a transposition in semitones that keeps pitches within ``keys``."""
    semitones = int(rng.integers(transpose[0], transpose[1] + 1))
    if not len(pitches):
        return 0
    down = min(keys[0] - int(pitches.min()), 0)
    up = max(keys[1] - int(pitches.max()), 0)
    return int(np.clip(semitones, down, up))


def whole_bar_meter(piece: Piece) -> tuple[int, int] | None:
    """Return a piece's meter index and the steps in its bar.

    None if the meter changes, or has no whole bars on the grid.
    """
    written = {(mark.numerator, mark.denominator) for mark in piece.music.time_signatures}
    if len(written) > 1:
        return None
    signature = written.pop() if written else (4, 4)
    meter = closest_meter(*signature)
    bar = bar_steps(*signature)
    return (meter, int(bar)) if bar == bar_steps(*METERS[meter]) else None


def dataset_for(encoding: str) -> Dataset:
    """Return an encoding's dataset.

    Raises:
        NotFoundError: The encoding is unknown; the message lists the known ones.
    """
    if encoding not in _ENCODINGS:
        raise NotFoundError(
            f"There is no encoding {encoding!r} to train; there is {', '.join(_ENCODINGS)}."
        )
    return cast(Dataset, importlib.import_module(f"magenta_bridge.data.{encoding}").DATASET)
