"""A small comparison, made up: two bundles, five pieces."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
from PIL import Image

from magenta_bridge.evaluation.metrics.mgeval import FEATURES, SetDistance
from magenta_bridge.evaluation.metrics.originality import Run
from magenta_bridge.evaluation.report.comparison import (
    Comparison,
    Continuation,
    Data,
    Listening,
    ModelResult,
    Speed,
)
from magenta_bridge.evaluation.report.music_metrics import MusicFigures, measure_music
from magenta_bridge.evaluation.report.paired_likelihood import PairedLikelihood

PIECES = 40


def likelihood(nats_per_note: float) -> PairedLikelihood:
    """Forty pieces of ten notes in forty steps each, all with the same NLL."""
    full = np.full(PIECES, 10 * nats_per_note)
    counts = np.full(PIECES, 10, dtype=np.int64)
    return PairedLikelihood(full, counts * 3, counts * 4, counts)


def music(overlap: float, run: int) -> MusicFigures:
    """Silent music of some nearness, whose longest runs are all of one length."""
    return replace(
        measure_music([], [], None),
        pieces=12,
        near={name: SetDistance(overlap, 1.0 - overlap) for name in FEATURES},
        runs=[Run(run, 0, 0, 0)] * 12,
    )


def picture() -> bytes:
    """A PNG file of two by three pixels."""
    held = io.BytesIO()
    Image.new("RGB", (2, 3)).save(held, "PNG")
    return held.getvalue()


def contender(name: str, *, nats: float, overlap: float, run: int, step_us: float) -> ModelResult:
    """One bundle."""
    return ModelResult(
        name=name,
        family="lstm",
        description="Plays <b>tunes</b>.",
        details="Trained on 3 tunes.",
        file=f"{name}.mag",
        sha256="ab" * 32,
        size_bytes=3 << 20,
        trained_on=True,
        settings="temperature 1",
        likelihood=likelihood(nats),
        music=music(overlap, run),
        speed=Speed(step_us, 0.012, "four bars", 60 << 20, 20 << 20),
        curve=picture(),
    )


def comparison(*models: ModelResult) -> Comparison:
    """All that is needed for a page; of two bundles where none are given."""
    given = models or (
        contender("alpha", nats=1.0, overlap=0.8, run=9, step_us=70.0),
        contender("beta", nats=1.5, overlap=0.6, run=30, step_us=35.0),
    )
    take = Continuation("human", picture(), b"RIFF", 7)
    return Comparison(
        data=Data(
            name="songs & airs",
            files=100,
            refused=1,
            noun="melodies",
            unit="sixteenth step",
            encoding="melody",
            train=80,
            validation=10,
            test=PIECES,
            scored=PIECES,
            length="sixteen bars",
            sha256="cd" * 32,
        ),
        models=given,
        baselines={"n-gram, order 2": likelihood(3.0), "n-gram, order 1": likelihood(4.0)},
        held_out=music(1.0, 10),
        human=music(0.9, 10),
        listening=Listening("“A <tune>”", "4 bars", "8 bars", 0, [take] * (1 + len(given))),
        samples=12,
        versions={"Magenta Bridge": "0"},
        date="2030-01-31",
    )
