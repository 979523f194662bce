"""What is asked for in a soak, and what must always be answered."""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass

from magenta_bridge.client import Client
from magenta_bridge.noteseq import NoteSequence

GENERATORS = ("lstm_melody", "gru_melody", "lstm_drums", "lstm_polyphony", "gan_melody")
SEEDS = 4


@dataclass(frozen=True)
class GenerateParams:
    """One request.

    Attributes:
        generator_id: Who shall write.
        bars: How much.
        seed: Which of all possible answers.
    """

    generator_id: str
    bars: int
    seed: int

    @property
    def key(self) -> str:
        """Name of the wish in the table of answers."""
        return f"{self.generator_id} {self.bars} {self.seed}"


def draw_wish(draw: random.Random) -> GenerateParams:
    """Returns one of the wishes, at random."""
    return draw.choice(all_wishes())


def all_wishes() -> list[GenerateParams]:
    """Returns all wishes."""
    return [
        GenerateParams(name, bars, seed)
        for name in GENERATORS
        for bars in (1, 4)
        for seed in range(SEEDS)
    ]


def fingerprint(music: NoteSequence) -> str:
    """Returns what is the same for equal music only."""
    return hashlib.sha256(music.SerializeToString(deterministic=True)).hexdigest()


def golden_answers(address: str) -> dict[str, str]:
    """Asks a server at rest for everything; returns fingerprints by the keys of the wishes."""
    with Client(address, timeout=60) as client:
        return {
            wish.key: fingerprint(
                client.generate(wish.generator_id, bars=wish.bars, seed=wish.seed)
            )
            for wish in all_wishes()
        }
