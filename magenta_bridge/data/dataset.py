"""One encoding as training sees it: what it learns from, what the network reads."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from magenta_bridge.data.corpus import Piece
from magenta_bridge.data.example import Tune


class Reader(Protocol):
    """Turns encoded pieces into the inputs of a network.

    Attributes:
        event_ids: Ids a network chooses among.
    """

    event_ids: int

    def blank(self, batch: int, steps: int) -> dict[str, NDArray[Any]]:
        """Returns network inputs of padding alone."""

    def fill(
        self,
        inputs: dict[str, NDArray[Any]],
        row: int,
        fed: NDArray[np.int32],
        first: int,
        steps: int,
    ) -> None:
        """Writes ``fed[first : first + steps]`` and its context into a row."""

    def places(self, fed: NDArray[np.int32]) -> NDArray[np.int64] | None:
        """Returns a number for each predicted step that is known in advance, ``(steps,)``.

        None where there is nothing to tell.
        """


Inputs = dict[str, NDArray[np.generic]]


class Material(Protocol):
    """What differs between encodings in training and measuring.

    A tune is *fed* as its start id followed by its event ids; step ``n`` reads ``fed[n]`` and
    predicts ``fed[n + 1]``.

    Attributes:
        encoding: Name of the encoding.
        event_ids: Ids a network chooses among.
        pad: Id that stands where there is nothing.
        unit: What a step is, e.g. ``sixteenth step`` or ``token``.
        noun: What the tunes are called, in the plural.
    """

    encoding: str
    event_ids: int
    pad: int
    unit: str
    noun: str

    def tunes_of(self, pieces: Iterable[Piece]) -> list[Tune]:
        """Prepares pieces to learn from; what does not fit the encoding is left out."""

    def start_id(self, tune: Tune) -> int:
        """Returns the id that is fed first."""

    def varied(
        self, tune: Tune, rng: np.random.Generator, transpose: tuple[int, int]
    ) -> NDArray[np.int32]:
        """Returns the tune's ids as an epoch hears them.

        Args:
            tune: The tune.
            rng: Draws the variation. The same state gives the same ids.
            transpose: Lowest and highest transposition in semitones; ``(0, 0)`` means no
                variation of any kind.
        """

    def blank(self, batch: int, steps: int) -> Inputs:
        """Returns network inputs of padding alone."""

    def fill(
        self, inputs: Inputs, row: int, fed: NDArray[np.int32], first: int, steps: int
    ) -> None:
        """Writes ``fed[first : first + steps]``, and what the network sees besides, into a row."""

    def places(self, fed: NDArray[np.int32]) -> NDArray[np.int64] | None:
        """Returns a number for each predicted step that is known in advance, ``(steps,)``.

        For example its position in the bar, which networks and baselines know. None where
        there is nothing to tell.
        """
