"""Training as one sees it: a bar with speed and time left, a line for each epoch."""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from tensorboard.summary import Writer

from magenta_bridge.training import checkpoint
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

    def on_epoch(self, progress: checkpoint.Progress) -> None:
        """Writes the epoch's figures."""
        # Opened for each epoch, so that a kill leaves no open file and no half-written figure.
        writer = Writer(str(self._folder))
        for name, values in progress.history.items():
            writer.add_scalar(name, values[-1], step=progress.epoch)
        writer.close()
        self._inner.on_epoch(progress)


class InterruptFlag:
    """A watcher that raises an interrupt again where the first one was lost.

    Args:
        watcher: Told of everything else.
    """

    def __init__(self, watcher: Watcher) -> None:
        self._watcher = watcher
        self._interrupted = False

    def on_batch(self, epoch: int, batch: int, batches: int, steps: int, loss: float) -> None:
        """See ``Watcher``.

        Raises:
            KeyboardInterrupt: Somebody has asked to stop.
        """
        self._heed()
        self._watcher.on_batch(epoch, batch, batches, steps, loss)

    def on_epoch(self, progress: checkpoint.Progress) -> None:
        """See ``Watcher``.

        Raises:
            KeyboardInterrupt: Somebody has asked to stop.
        """
        self._heed()
        self._watcher.on_epoch(progress)

    def note(self, number: int, frame: FrameType | None) -> None:
        """Handles the signal: remembers it, and interrupts as ever.

        Raises:
            KeyboardInterrupt: Always.
        """
        del number, frame
        self._interrupted = True
        raise KeyboardInterrupt

    def _heed(self) -> None:
        if self._interrupted:
            raise KeyboardInterrupt


@contextmanager
def deferred_interrupts(watcher: Watcher) -> Iterator[InterruptFlag]:
    """Yields a watcher that no Ctrl-C escapes; signals reach it in the main thread alone."""
    heedful = InterruptFlag(watcher)
    if threading.current_thread() is not threading.main_thread():
        yield heedful
        return
    former = signal.signal(signal.SIGINT, heedful.note)
    try:
        yield heedful
    finally:
        signal.signal(signal.SIGINT, former)


class TerminalWatcher:
    """Draws a progress bar on a terminal; elsewhere prints the epoch lines alone.

    Args:
        unit: What is foretold, one after the other.
    """

    def __init__(self, unit: str = "token") -> None:
        self._unit = unit
        self._console = Console(file=sys.stderr, highlight=False)
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            TextColumn("{task.fields[figures]}"),
            TimeRemainingColumn(),
            console=self._console,
            transient=True,
        )
        self._task = self._bar.add_task("", total=1, figures="")
        self._began = time.monotonic()
        if self._console.is_terminal:
            self._bar.start()

    def on_batch(self, epoch: int, batch: int, batches: int, steps: int, loss: float) -> None:
        """Moves the bar."""
        if batch == 1:
            self._began = time.monotonic()
            self._bar.reset(self._task, total=batches, figures="")
        speed = (batch - 1) * steps / max(time.monotonic() - self._began, 1e-9)
        self._bar.update(
            self._task,
            description=f"epoch {epoch + 1}",
            completed=batch,
            figures=f"loss {loss:.3f}, {speed:,.0f} {self._unit}s/s",
        )

    def on_epoch(self, progress: checkpoint.Progress) -> None:
        """Prints the epoch's figures."""
        latest = {name: values[-1] for name, values in progress.history.items()}
        best = "  (best so far)" if progress.best_epoch == progress.epoch else ""
        told = f"train {latest['loss']:.4f}, validation {latest['validation_loss']:.4f}"
        if "validation_accuracy" in latest:  # an adversarial family foretells nothing
            told += f" nats/{self._unit}, accuracy {latest['validation_accuracy']:.1%}"
        self._console.print(
            f"epoch {progress.epoch:3d}: {told}, {latest['seconds']:.0f} s{best}", soft_wrap=True
        )

    def close(self) -> None:
        """Takes the bar away."""
        if self._console.is_terminal:
            self._bar.stop()
