"""How the music of one encoding is sampled and looked at, whatever its network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from magenta_bridge.evaluation.continuations import Copying
from magenta_bridge.evaluation.features import Features
from magenta_bridge.evaluation.score import Piece
from magenta_bridge.generators.generator import SequenceGenerator


class Idiom(Protocol):
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

    def openings(self, pieces: Sequence[Piece]) -> list[Features]:
        """Measures the beginnings of human pieces.

        Those that are too short are passed over, unless all are.
        """

    def samples(
        self, generator: SequenceGenerator, pieces: Sequence[Piece], count: int
    ) -> list[Features]:
        """Measures music made from nothing at the generator's own settings.

        Args:
            generator: A generator of this encoding.
            pieces: Human pieces, whose meters are taken in turn.
            count: How many to draw, with the seeds 0, 1, 2, ...
        """

    def copying(self, generator: SequenceGenerator, pieces: Sequence[Piece]) -> Copying | None:
        """Measures how often a continuation is the primer again; None where that has no sense."""
