"""``python -m magenta_bridge.cli.reexport``: new programs, compared with the old ones."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from magenta_bridge.cli import reexport
from magenta_bridge.export import reexport as exporter
from magenta_bridge.export.flatbuffer import write_description
from magenta_bridge.export.quantize import weight_bytes
from magenta_bridge.generators.bundle import read_bundle, write_bundle
from magenta_bridge.training.fit import build
from tests.cli.program import ROOT, call_program
from tests.data.pieces import write_pieces
from tests.training.step_by_step import step_by_step

_RECIPE = """
[bundle]
id = "tiny"
description = "Drawn pieces, to try the machinery."

[network]
units = [8]
embedding_units = 8

[training]
epochs = 2
window_steps = 24
batch = 8
learning_rate = 0.05
"""
_SCORES = re.compile(
    r"tiny\.mag: (?P<new>[\d.]+) nats per step on (?P<steps>[\d,]+) held-out steps, "
    r"accuracy [\d.]+%; (?P<old>[\d.]+) and [\d.]+% before\.\n"
)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a bundle, ``tiny.mag``, and the music that it was trained on, ``midi``."""
    folder = tmp_path_factory.mktemp("trained")
    write_pieces(folder / "midi", 24)
    (folder / "tiny.toml").write_text(_RECIPE, encoding="utf-8")
    words: list[str | Path] = ["--recipe", folder / "tiny.toml", "-o", folder / "tiny.mag"]
    words += ["--run", folder / "run"]
    with step_by_step():
        done = call_program("train", folder / "midi", *words)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def bundle(trained: Path, tmp_path: Path) -> Path:
    """A copy of the bundle."""
    return Path(shutil.copy(trained / "tiny.mag", tmp_path))


def _reexport(*words: str | Path) -> Result:
    return CliRunner().invoke(reexport.main, [*map(str, words)])


@pytest.mark.timeout(300)
def test_a_new_program_is_scored_beside_the_old_one_and_kept(trained: Path, bundle: Path) -> None:
    """As its user runs it. Both come from the same weights; all but the program stays."""
    before = read_bundle(bundle)
    words: list[str | Path] = [
        "-m",
        "magenta_bridge.cli.reexport",
        bundle,
        "--data",
        trained / "midi",
    ]
    done = subprocess.run(
        [sys.executable, *words], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    scores = _SCORES.search(done.stdout)
    assert scores is not None, done.stdout
    assert int(scores["steps"].replace(",", "")) > 0
    assert float(scores["new"]) == pytest.approx(float(scores["old"]), rel=0.01)
    assert re.search(r"tiny\.mag: a program of \d+ bytes\.\n$", done.stdout)
    after = read_bundle(bundle)
    assert (after.id, after.description, after.details) == (
        before.id,
        before.description,
        before.details,
    )
    assert (after.network, after.metadata) == (before.network, before.metadata)


@pytest.mark.timeout(300)
def test_a_program_with_a_higher_loss_is_not_kept(
    trained: Path, bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Here it is exported from zero weights."""
    text = bundle.read_bytes()

    def forget(*words: Any) -> Any:  # noqa: ANN401 - a network of Keras
        network = build(*words)
        network.set_weights([0.0 * weights for weights in network.get_weights()])
        return network

    monkeypatch.setattr(exporter, "build", forget)
    done = _reexport(bundle, "--data", trained / "midi")
    assert done.exit_code == 1
    assert "the old one is kept" in done.stderr
    scores = _SCORES.search(done.stdout)
    assert scores is not None, done.stdout
    assert float(scores["new"]) > 1.01 * float(scores["old"])
    assert bundle.read_bytes() == text


@pytest.mark.timeout(300)
def test_int4_bundles_stay_int4(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are quantized again, calibrated on samples of the program."""
    held = read_bundle(bundle)
    write_bundle(
        bundle,
        generator_id=held.id,
        description=held.description,
        details=held.details,
        program=write_description(held.program.flatbuffer, {**held.metadata, "weights": "int4"}),
        network=held.network,
    )
    monkeypatch.setattr(exporter, "_CALIBRATION_PIECES", 2)
    done = _reexport(bundle)
    assert done.exit_code == 0, done.stderr
    after = read_bundle(bundle)
    assert after.metadata["weights"] == "int4"
    assert weight_bytes(after.program.flatbuffer) < weight_bytes(held.program.flatbuffer)


def test_other_music_than_a_shipped_bundle_was_trained_on_is_refused(tmp_path: Path) -> None:
    """It may hold what the bundle has learned by heart."""
    path = Path(shutil.copy(ROOT / "models" / "gru" / "gru_melody.mag", tmp_path))
    text = path.read_bytes()
    write_pieces(tmp_path / "other", 13)
    done = _reexport(path, "--data", tmp_path / "other")
    assert done.exit_code == 1
    assert re.fullmatch(r"Error: .+\n", done.stderr)
    assert str(tmp_path / "other") in done.stderr
    assert path.read_bytes() == text


def test_a_bundle_that_does_not_generate_step_by_step_is_unchanged(tmp_path: Path) -> None:
    path = Path(shutil.copy(ROOT / "models" / "gan" / "gan_melody.mag", tmp_path))
    text = path.read_bytes()
    done = _reexport(path)
    assert done.exit_code == 1
    assert done.stderr == (
        "Error: gan_melody.mag does not generate step by step, so its program was not changed.\n"
    )
    assert path.read_bytes() == text
