"""``magenta-bridge benchmark``: train, save and score networks."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from scipy.io import savemat

from magenta_bridge.cli import benchmark
from magenta_bridge.cli.main import magenta_bridge
from magenta_bridge.models.recurrent import CELLS
from magenta_bridge.pianoroll_benchmark import datasets as rolls
from magenta_bridge.pianoroll_benchmark.baselines import BASELINES
from magenta_bridge.pianoroll_benchmark.fit import build_rolls
from magenta_bridge.pianoroll_benchmark.network import OUTPUTS
from magenta_bridge.pianoroll_benchmark.recipe import SIZES, RollKind, recipe_for
from magenta_bridge.pianoroll_benchmark.roll import PITCHES, Roll

DATASET = "JSB_Chorales"


@pytest.fixture(scope="module")
def music(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write scales in thirds in the format of the public files."""
    folder = tmp_path_factory.mktemp("mdata")
    cells = np.empty((1, 6), dtype=object)
    cells[0, :] = [_scale(first).astype(np.float64) for first in range(30, 36)]
    sides = {f"{side}data": cells for side in ("train", "valid", "test")}
    savemat(folder / f"{DATASET}.mat", sides)
    return folder


def _scale(first: int) -> Roll:
    roll = np.zeros((20, PITCHES), dtype=np.uint8)
    for frame in range(20):
        roll[frame, [first + frame % 7, first + frame % 7 + 4]] = 1
    return roll


@pytest.fixture(autouse=True)
def _taken_for_the_public_files(music: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    digest = hashlib.sha256((music / f"{DATASET}.mat").read_bytes()).hexdigest()
    monkeypatch.setitem(rolls._DIGESTS, DATASET, digest)


def call(music: Path, *words: str) -> Result:
    """Run the command."""
    asked = ["benchmark", "poly", "--data", str(music), "--dataset", DATASET, *words]
    return CliRunner().invoke(magenta_bridge, asked)


def test_a_saved_network_gives_the_same_row(music: Path, tmp_path: Path) -> None:
    words = ["--model", "gru", "--size", "20k", "--output", "joint", "--seeds", "2"]
    words += ["--epochs", "2", "--run", str(tmp_path / "run"), "--save", str(tmp_path / "row")]
    trained = call(music, *words, "--json")
    assert trained.exit_code == 0, trained.output
    found = json.loads(trained.stdout)
    assert [each["seed"] for each in found["seeds"]] == [1, 2]
    best = min(found["seeds"], key=lambda each: each["validation"])
    assert found["seed"] == best["seed"]
    assert found["nats_per_frame"] == pytest.approx(best["test"], rel=1e-5)
    assert found["parameters"] <= SIZES["20k"]

    again = json.loads(call(music, "--from", str(tmp_path / "row"), "--json").stdout)
    # Saved weights are of half precision.
    assert again["nats_per_frame"] == pytest.approx(best["test"], rel=2e-3)
    assert again["seeds"] == found["seeds"]

    people = call(music, "--from", str(tmp_path / "row")).output
    assert f"gru 20k joint {again['nats_per_frame']:.2f} nats a frame" in people
    assert f"mean {found['mean']:.2f}, standard deviation {found['deviation']:.2f}" in people

    row = tmp_path / "row" / "row.json"
    row.write_text(json.dumps({**json.loads(row.read_text()), "seeds": found["seeds"][:1]}))
    alone = call(music, "--from", str(tmp_path / "row")).output
    assert "The only seed;" in alone  # which deviates from nothing
    assert "deviation" not in alone

    resumed = json.loads(call(music, *words, "--json").stdout)
    assert resumed["nats_per_frame"] == pytest.approx(found["nats_per_frame"], rel=1e-6)


def test_a_row_of_another_dataset_is_refused(music: Path, tmp_path: Path) -> None:
    facts = tmp_path / "row.json"
    nothing = call(music, "--from", str(tmp_path))
    assert nothing.exit_code == 1
    assert "holds no saved row" in nothing.output
    facts.write_text("{}", encoding="utf-8")
    (tmp_path / "weights.npz").write_bytes(b"PK")
    damaged = call(music, "--from", str(tmp_path))
    assert damaged.exit_code == 1
    assert "is damaged" in damaged.output


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ((), "Name one of --baseline, --model and --from."),
        (("--baseline", "unigram", "--model", "gru"), "Name one of --baseline, --model and"),
        (("--baseline", "unigram", "--size", "20k"), "require --model"),
        (("--from", "row", "--seeds", "3"), "require --model"),
        (("--model", "transformer"), "is not one of"),
    ],
)
def test_options_that_contradict_each_other_are_refused(
    music: Path, words: tuple[str, ...], sentence: str
) -> None:
    refused = call(music, *words)
    assert refused.exit_code == 2
    assert sentence in refused.output


@pytest.mark.parametrize(
    ("cell", "output"), [("lstm", "sigmoid"), ("gru", "joint"), ("rnn", "sigmoid")]
)
def test_a_size_is_used_and_not_exceeded(cell: str, output: str) -> None:
    recipe = recipe_for(RollKind(DATASET, cell, "20k", output), seed=1)
    count = build_rolls(recipe).count_params()
    assert 0.93 * SIZES["20k"] < count <= SIZES["20k"]


def test_the_command_offers_all_names() -> None:
    assert benchmark.DATASETS == rolls.DATASETS
    assert tuple(BASELINES) == benchmark.BASELINES
    assert tuple(CELLS) == benchmark.CELLS
    assert tuple(SIZES) == benchmark.SIZES
    assert benchmark.OUTPUTS == OUTPUTS
