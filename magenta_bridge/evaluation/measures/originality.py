"""How long a run of notes a piece shares with the music that a model learned from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from magenta_bridge.evaluation.measures.tones import Tones


@dataclass(frozen=True)
class Run:
    """The longest run that is shared.

    Attributes:
        notes: Its length; 0 where no two notes in a row are shared, else 2 or more.
        piece: Index of the piece of the corpus; -1 where there is none.
        start_in_piece: Index of its first note among the notes of that piece.
        start: Index of its first note among the notes of the piece asked about.
    """

    notes: int
    piece: int
    start_in_piece: int
    start: int


class Corpus:
    """Music to look for runs in."""

    def __init__(self, pieces: Iterable[Tones]) -> None:
        raise NotImplementedError

    def longest_run(self, tones: Tones) -> Run:
        """Returns the longest run of notes that a piece shares with the corpus."""
        raise NotImplementedError


def share_with_run(runs: Sequence[Run], notes: int) -> float:
    """Returns the share of pieces whose longest run has so many notes or more, 0..1."""
    raise NotImplementedError
