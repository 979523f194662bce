"""How the music of one encoding is sampled and looked at, whatever its network."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from magenta_bridge.evaluation.copying import Copying
from magenta_bridge.evaluation.features.statistics import Features
from magenta_bridge.evaluation.likelihood import Piece
from magenta_bridge.generators.generator import SequenceGenerator
from magenta_bridge.noteseq import NoteSequence


class FeatureSet(Protocol):
    """What one would notice of music of one encoding."""

    @property
    def noun(self) -> str:
        """What its pieces are called, in the plural."""

    @property
    def length(self) -> str:
        """How much of a piece is looked at, e.g. ``sixteen bars``."""

    @property
    def labels(self) -> dict[str, str]:
        """Words for each feature, by its name; ``stuck`` and ``silent`` are among them."""

    @property
    def checked(self) -> tuple[str, ...]:
        """Names of the features whose mean must lie in the middle 90 % of held-out pieces."""

    @property
    def limits(self) -> str:
        """What the encoding cannot hold, one paragraph."""

    def note_onsets(self, ids: Piece) -> NDArray[np.int64]:
        """Return how many notes begin with each event, ``(steps,)``.

        Args:
            ids: Event ids, without the start id.
        """

    def whole(self, piece: Piece) -> NoteSequence:
        """Return a piece from its first whole bar on, in seconds, at 120 quarters a minute."""

    def length_of(self, part: int) -> str:
        """Return the length of one ``part``th of what is looked at, in words."""

    def excerpts(self, pieces: Sequence[Piece], part: int = 1) -> list[NoteSequence]:
        """Return the beginnings of human pieces, in seconds; too short ones are passed over.

        Args:
            pieces: The pieces.
            part: 1 for beginnings as long as ``drawn``, 2 for half of that, 4 or 8 for less.
        """

    def drawn(
        self, generator: SequenceGenerator, pieces: Sequence[Piece], count: int
    ) -> Iterator[NoteSequence]:
        """Yield music made from nothing, in seconds; see ``samples``."""

    def openings(self, pieces: Sequence[Piece]) -> list[Features]:
        """Measure the beginnings of human pieces.

        Those that are too short are passed over, unless all are.
        """

    def samples(
        self, generator: SequenceGenerator, pieces: Sequence[Piece], count: int
    ) -> list[Features]:
        """Measure music made from nothing at the generator's own settings.

        Args:
            generator: A generator of this encoding.
            pieces: Human pieces, whose meters are taken in turn.
            count: How many to draw, with the seeds 0, 1, 2, ...
        """

    def copying(self, generator: SequenceGenerator, pieces: Sequence[Piece]) -> Copying | None:
        """Measure how often a continuation is the primer again; None where that has no sense."""
