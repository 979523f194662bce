"""Training without a terminal prints a line per epoch."""

from __future__ import annotations

import pytest

from magenta_bridge.training.callbacks import TerminalWatcher
from magenta_bridge.training.checkpoint import Progress


def test_epoch_lines(capsys: pytest.CaptureFixture[str]) -> None:
    """Each epoch prints its scores on standard error and marks the best; batches print nothing."""
    watcher = TerminalWatcher()
    progress = Progress()
    for loss in (2.0, 2.5):
        watcher.on_batch(progress.epoch, 1, 2, 100, 3.0)
        watcher.on_batch(progress.epoch, 2, 2, 100, 2.9)
        progress.epoch += 1
        progress.record(loss=1.5, validation_loss=loss, validation_accuracy=0.625, seconds=9.4)
        progress.best_epoch = 1
        watcher.on_epoch(progress)
    watcher.close()
    seen = capsys.readouterr()
    assert seen.out == ""
    assert [line.rstrip() for line in seen.err.splitlines()] == [
        "epoch   1: train 1.5000, validation 2.0000 nats/token, accuracy 62.5%, 9 s  (best so far)",
        "epoch   2: train 1.5000, validation 2.5000 nats/token, accuracy 62.5%, 9 s",
    ]
