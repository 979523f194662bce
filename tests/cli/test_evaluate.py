"""``magenta-bridge evaluate``: a table, JSON, and errors."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.program import ROOT, call_program, run_program
from tests.training.step_by_step import step_by_step

TUNES = ROOT / "tests" / "data" / "midi"


def test_a_bundle_is_scored_beside_n_grams() -> None:
    """On two small tunes that it was not trained on; all scores are over the same steps."""
    result = run_program("evaluate", "gru_melody", "--data", TUNES, "--json", timeout=120)
    assert result.returncode == 0, result.stderr
    assert "was not trained on" in result.stderr
    found = json.loads(result.stdout)
    assert (found["bundle"], found["encoding"]) == ("gru_melody", "melody")
    assert found["trained_on_this"] is False
    assert found["pieces"] >= 1
    assert 0.0 < found["nats_per_step"] < 2.0
    assert len(found["baselines"]) == 2
    best = min(one["nats_per_step"] for one in found["baselines"].values())
    assert found["gain"] == 1.0 - found["nats_per_step"] / best
    assert {one["steps"] for one in found["baselines"].values()} == {found["steps"]}


@pytest.mark.timeout(300)
def test_an_adversarial_bundle_is_scored_by_its_network() -> None:
    with step_by_step():
        result = call_program("evaluate", "gan_melody", "--data", TUNES, "--json")
    assert result.returncode == 0, result.stderr
    found = json.loads(result.stdout)
    assert (found["bundle"], found["encoding"]) == ("gan_melody", "melody")
    (baseline,) = found["baselines"].values()
    assert baseline["steps"] == found["steps"] > 0
    assert 0.0 < found["nats_per_step"] < baseline["nats_per_step"]


def test_the_default_output_is_a_table() -> None:
    path = ROOT / "models" / "lstm" / "lstm_melody.mag"
    result = run_program("evaluate", path, "--data", TUNES, timeout=120)
    assert result.returncode == 0, result.stderr
    lines = result.stdout.splitlines()
    assert sum("nats per sixteenth step" in line for line in lines) == 3
    assert "the best n-gram" in lines[-1]


def test_errors_are_one_sentence(tmp_path: Path) -> None:
    unknown = run_program("evaluate", "missing", "--data", TUNES)
    assert unknown.returncode == 1
    assert "There is no bundle missing" in unknown.stderr
    nowhere = run_program("evaluate", "gru_melody", "--data", tmp_path / "nowhere")
    assert nowhere.returncode == 1
    assert "There is no folder or archive" in nowhere.stderr
    empty = run_program("evaluate", "gru_melody", "--data", tmp_path)
    assert empty.returncode == 1
    assert "holds 0 melodies" in empty.stderr
    assert run_program("evaluate", "gru_melody").returncode == 2
