"""Training as TensorBoard shows it."""

from __future__ import annotations

from pathlib import Path

from tensorboard.summary import Writer

from magenta_bridge.training.checkpoint import Progress
from magenta_bridge.training.loop import Watcher


class BoardWatcher:
    """Writes each epoch's figures for TensorBoard, and passes everything on.

    Args:
        folder: Where the logs go; ``tensorboard --logdir`` reads them.
        inner: Hears all that this one hears.
    """

    def __init__(self, folder: Path, inner: Watcher) -> None:
        self._folder = folder
        self._inner = inner

    def on_batch(self, epoch: int, batch: int, batches: int, steps: int, loss: float) -> None:
        """Passes the batch on."""
        self._inner.on_batch(epoch, batch, batches, steps, loss)

    def on_epoch(self, progress: Progress) -> None:
        """Writes the epoch's figures."""
        # Opened for each epoch, so that a kill leaves no open file and no half-written figure.
        writer = Writer(str(self._folder))
        for name, values in progress.history.items():
            writer.add_scalar(name, values[-1], step=progress.epoch)
        writer.close()
        self._inner.on_epoch(progress)
