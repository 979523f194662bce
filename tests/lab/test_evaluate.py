"""Bundles of all families are scored on the same steps of the same tunes."""

from __future__ import annotations

import math

import numpy as np

from magenta_bridge.data.bars import bars_of
from magenta_bridge.data.example import Tune
from magenta_bridge.encodings import melody
from magenta_bridge.evaluation.bars.likelihood import score_bars
from magenta_bridge.generators.loading import find_bundle
from magenta_bridge.lab.evaluate import score_examples
from magenta_bridge.training.adversarial import read_gan


def _tune(meter: tuple[int, int], *ids: int) -> Tune:
    return Tune("a.mid#0", "", melody.METERS.index(meter), np.array(ids, dtype=np.int32))


# An upbeat, then three bars of eighths and half a bar.
UPBEAT = _tune((4, 4), *[0] * 14, 64, 0, *[66, 0, 69, 0, 71, 0, 69, 0] * 7)
LONG_BARS = _tune((9, 8), *[66, 0, 69, 0, 71, 0] * 12)


def test_a_program_is_scored_on_every_step() -> None:
    scores = score_examples(find_bundle("gru_melody"), [UPBEAT, LONG_BARS])
    assert [(each.first, each.end) for each in scores if each is not None] == [(0, 72), (0, 72)]


def test_a_network_of_bars_is_scored_on_the_steps_it_reads_and_pays_for_the_key() -> None:
    """It begins after the upbeat and ends with the tune; the key is one choice among twelve."""
    bundle = find_bundle("gan_melody")
    scores, none = score_examples(bundle, [UPBEAT, LONG_BARS])
    assert none is None
    assert scores is not None
    assert (scores.first, scores.end) == (16, 72)
    song = bars_of(UPBEAT, 1)
    assert song is not None
    whole = score_bars(read_gan(bundle.network), [song])
    assert whole.steps == 64
    assert whole.nats > 0.0
    without_key = scores.nats.sum() - math.log(12)
    assert 0.0 < without_key < whole.nats
