"""The model card states what was measured."""

from __future__ import annotations

from magenta_bridge.evaluation.card import Card, write_card
from magenta_bridge.evaluation.continuations import Copying
from magenta_bridge.evaluation.features import Features, spread
from magenta_bridge.evaluation.score import Score

_PLAIN = spread([Features(6, 12, 1, 2, 2, 0.5, 0, 0)])


def _card() -> Card:
    return Card(
        bundle={"id": "tiny", "description": "Tiny.", "family": "lstm", "encoding": "melody"},
        data={"music": "scales", "licence": "CC0"},
        training={"seed": 7},
        baselines={"n-gram, order 4": Score(200.0, 50, 100), "other": Score(250.0, 40, 100)},
        network=Score(100.0, 80, 100),
        program=Score(101.0, 79, 100),
        human=_PLAIN,
        machine=_PLAIN,
        copying=Copying(0.04, 0.02, 50),
        samples=3,
        settings="temperature 1",
        command="magenta-bridge train",
    )


def test_gain_and_drift_follow_from_the_scores() -> None:
    card = _card()
    assert card.best_baseline.nats == 200.0
    assert round(card.gain, 6) == 0.495
    assert round(card.drift, 6) == 0.01


def test_the_card_holds_every_figure() -> None:
    text = write_card(_card())
    for wanted in (
        "# tiny",
        "scales",
        "CC0",
        "| seed | 7 |",
        "2.0000",
        "1.0100",
        "49.5%",
        "+1.000%",
        "4% play",
    ):
        assert wanted in text
