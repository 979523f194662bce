"""The model card states what was measured."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from magenta_bridge.evaluation.copying import Copying
from magenta_bridge.evaluation.features.melody import MELODY
from magenta_bridge.evaluation.features.statistics import Features, PercentileRange, spread
from magenta_bridge.evaluation.likelihood import Score
from magenta_bridge.evaluation.model_card import (
    Card,
    Likelihood,
    Music,
    is_card,
    likelihood_section,
    music_section,
    write_card,
)
from magenta_bridge.evaluation.sanity_checks import check_music


def _features(**changes: float) -> Features:
    plain = dict.fromkeys(MELODY.labels, 0.0)
    return {**plain, "density": 6.0, "pitch_range": 12.0, "scale_consistency": 1.0, **changes}


_FOUND = Likelihood(
    baselines={"n-gram, order 4": Score(200.0, 50, 100), "other": Score(250.0, 40, 100)},
    program=Score(101.0, 79, 100),
    unit="sixteenth step",
    network=Score(100.0, 80, 100),
)


def _music(**changes: float) -> Music:
    return Music(
        features=MELODY,
        human=spread([_features()]),
        machine=spread([_features(**changes)]),
        copying=Copying(0.04, 0.02, 50),
        samples=3,
        settings="temperature 1",
    )


def test_gain_and_drift_follow_from_the_scores() -> None:
    assert _FOUND.best_baseline.nats == 200.0
    assert round(_FOUND.gain, 6) == 0.495
    assert round(_FOUND.drift, 6) == 0.01


def test_the_weights_of_the_program_are_named() -> None:
    assert "| **program as served, int8** |" in likelihood_section(_FOUND)
    thin = likelihood_section(dataclasses.replace(_FOUND, weights="int4"))
    assert "| **program as served, int4** |" in thin
    assert "Its int4 weights change the network's NLL by +1.000%." in thin


def test_the_card_holds_every_figure_and_shows_changes(tmp_path: Path) -> None:
    text = write_card(
        Card(
            bundle={"id": "tiny", "description": "Tiny.", "family": "lstm", "encoding": "melody"},
            data={"music": "scales", "license": "CC0"},
            training={"seed": 7},
            command="magenta-bridge train",
            figures=[likelihood_section(_FOUND), music_section(_music())],
            limits="No chords.",
        )
    )
    for wanted in (
        "# tiny",
        "scales",
        "CC0",
        "| seed | 7 |",
        "2.0000",
        "1.0100",
        "49.5%",
        "+1.000%",
        "4% repeat the primer",
        "No chords.",
    ):
        assert wanted in text
    assert "**no**" not in text
    (tmp_path / "card.md").write_text(text, encoding="utf-8")
    (tmp_path / "changed.md").write_text(text.replace("CC0", "CC-BY"), encoding="utf-8")
    assert is_card(tmp_path / "card.md")
    assert not is_card(tmp_path / "changed.md")


def test_a_failed_check_is_reported() -> None:
    wide = music_section(_music(pitch_range=30.0))
    assert wide.count("**no**") == 1
    assert "30.00 in 12.00 to 12.00" in wide


def test_stuck_and_silent_samples_fail_their_checks() -> None:
    """Two in a hundred stuck samples are too many, and so is one silent one."""
    human = spread([_features()])
    machine = {
        **spread([_features()]),
        "stuck": PercentileRange(0.02, 0, 0),
        "silent": PercentileRange(0.01, 0, 0),
    }
    assert [check.passed for check in check_music(MELODY, human, machine)][:2] == [False, False]
    machine["stuck"], machine["silent"] = PercentileRange(0.01, 0, 0), PercentileRange(0.0, 0, 0)
    assert all(check.passed for check in check_music(MELODY, human, machine))
