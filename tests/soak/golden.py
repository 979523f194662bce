"""The requests of a soak test, and their expected responses."""

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
        generator_id: The generator.
        bars: Length in bars.
        seed: The seed.
    """

    generator_id: str
    bars: int
    seed: int

    @property
    def key(self) -> str:
        """Key of the request in the table of responses."""
        return f"{self.generator_id} {self.bars} {self.seed}"


def draw_request(draw: random.Random) -> GenerateParams:
    """Return a random request."""
    return draw.choice(all_requests())


def all_requests() -> list[GenerateParams]:
    """Return all requests."""
    return [
        GenerateParams(name, bars, seed)
        for name in GENERATORS
        for bars in (1, 4)
        for seed in range(SEEDS)
    ]


def fingerprint(music: NoteSequence) -> str:
    """Return a hash of the music."""
    return hashlib.sha256(music.SerializeToString(deterministic=True)).hexdigest()


def golden_answers(address: str) -> dict[str, str]:
    """Send all requests to an idle server; return the fingerprints of the responses by key."""
    with Client(address, timeout=60) as client:
        return {
            request.key: fingerprint(
                client.generate(request.generator_id, bars=request.bars, seed=request.seed)
            )
            for request in all_requests()
        }
