"""Training as a library: results, callbacks, other threads, a stop, another backend."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from magenta_bridge.errors import InvalidArgumentError, TrainingError
from magenta_bridge.files import save_bytes
from magenta_bridge.generators.loading import load_generator
from magenta_bridge.lab import model_card
from magenta_bridge.lab.evaluate import evaluate
from magenta_bridge.lab.train import TrainingRun, _expect_unchanged, train
from magenta_bridge.training.checkpoint import Progress
from tests.cli.program import ROOT

TUNES = ROOT / "tests" / "data" / "midi"
_RECIPE = """
[bundle]
id = "tiny"
description = "Tunes, to try the machinery."
family = "gru"

[network]
units = [12]
embedding_units = 8

[training]
epochs = 3
window_steps = 32
batch = 8
"""


@pytest.fixture
def recipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a recipe of a small network; its card measures few samples."""
    monkeypatch.setattr(model_card, "SAMPLES", 24)
    path = tmp_path / "tiny.toml"
    path.write_text(_RECIPE, encoding="utf-8")
    return path


@pytest.mark.timeout(600)
def test_training_stops_on_request_in_any_thread_and_resumes(
    recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """As in a notebook; nothing is printed, and ~ is a home folder."""
    monkeypatch.setenv("HOME", str(tmp_path))
    stop, runs, messages = threading.Event(), list[TrainingRun](), list[str]()
    epochs: list[Progress] = []

    def on_epoch(progress: Progress) -> None:
        epochs.append(progress)
        stop.set()

    def train_until_stop() -> None:
        runs.append(
            train(
                TUNES,
                recipe=recipe,
                output="~/new/tiny.mag",
                run_folder="~/run",
                on_epoch=on_epoch,
                stop=stop.is_set,
            )
        )

    thread = threading.Thread(target=train_until_stop)
    thread.start()
    thread.join()
    (stopped,) = runs
    assert (stopped.stopped, stopped.epochs, stopped.nll) == (True, 1, None)
    assert not stopped.bundle.exists()
    assert str(epochs[0]).startswith("epoch   1: train ")

    counts: list[int] = []
    run = train(
        TUNES,
        recipe=recipe,
        output=tmp_path / "new" / "tiny.mag",
        run_folder=str(tmp_path / "run"),
        on_file=counts.append,
        on_message=messages.append,
    )
    assert (run.stopped, run.epochs, run.bundle) == (False, 3, tmp_path / "new" / "tiny.mag")
    assert run.history["loss"][0] == stopped.history["loss"][0]
    assert counts == list(range(1, len(counts) + 1))
    assert messages[0].startswith("Reading ")
    assert run.card.is_file()
    assert run.headline in str(run)
    assert run.nll == evaluate("~/new/tiny.mag", data=TUNES).nll
    assert capfd.readouterr().out == ""


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"data": TUNES, "recipe": "x.toml", "family": "gru"},
        {"data": TUNES, "output": "?.mag"},
        {"data": TUNES, "output": "mine.txt"},
    ],
)
def test_arguments_that_contradict_each_other_are_refused(
    arguments: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InvalidArgumentError):
        train(**arguments)
    assert list(tmp_path.iterdir()) == []


def test_outputs_that_change_during_the_training_are_noticed(tmp_path: Path) -> None:
    """By another training with the same output, or by the user."""
    bundle, card = tmp_path / "a.mag", tmp_path / "a.md"
    bundle.write_bytes(b"old")
    _expect_unchanged([bundle, card])()
    for path in (bundle, card):
        check = _expect_unchanged([bundle, card])
        save_bytes(path, b"new")
        with pytest.raises(TrainingError, match="another program"):
            check()


@pytest.mark.timeout(600)
def test_training_on_another_backend_exports_with_tensorflow(recipe: Path, tmp_path: Path) -> None:
    """In a process with explicit arguments; those of this process are not run again."""
    program = f"""
from magenta_bridge.lab.train import train
run = train({str(TUNES)!r}, recipe={str(recipe)!r}, output={str(tmp_path / "mine.mag")!r},
            run_folder={str(tmp_path / "run")!r}, epochs=1, on_epoch=print)
print(run.nll, run.headline)
"""
    done = subprocess.run(
        [sys.executable, "-c", program, "serve", "--no-such-option"],
        env={**os.environ, "KERAS_BACKEND": "jax"},
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("epoch   1") == 1
    assert "Held out: " in done.stdout
    assert load_generator(tmp_path / "mine.mag").info.id == "tiny"
