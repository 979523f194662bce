"""Samples of a bundle beside held-out music, as every card shows them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from magenta_bridge.evaluation.card import Music
from magenta_bridge.evaluation.features import spread
from magenta_bridge.evaluation.idioms import idiom_of
from magenta_bridge.evaluation.score import Piece
from magenta_bridge.generators.generator import SequenceGenerator

SAMPLES: Final = 200
_SETTINGS: Final = ("temperature", "top_p", "top_k")


def look_at_music(generator: SequenceGenerator, test: Sequence[Piece], encoding: str) -> Music:
    """Draws samples, and puts their features beside those of held-out pieces."""
    idiom = idiom_of(encoding)
    return Music(
        idiom=idiom,
        human=spread(idiom.openings(test)),
        machine=spread(idiom.samples(generator, test, SAMPLES)),
        copying=idiom.copying(generator, test),
        samples=SAMPLES,
        settings=settings_of(generator),
    )


def settings_of(generator: SequenceGenerator) -> str:
    """Returns the defaults that samples are drawn at, in words."""
    defaults = {row.name: row.default for row in generator.info.arguments}
    return ", ".join(f"{name} {defaults[name]:g}" for name in _SETTINGS if name in defaults)
