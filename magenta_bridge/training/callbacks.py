"""Watchers of a training run: callbacks, TensorBoard logs, a way to stop, a progress bar."""

from __future__ import annotations

import logging
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from tensorboard.summary import Writer

from magenta_bridge.training import checkpoint
from magenta_bridge.training.loop import Watcher

_log = logging.getLogger(__name__)


class TrainingStopped(Exception):  # noqa: N818 - a request, not an error
    """The caller's ``stop`` returned True; the run can be resumed."""


class TensorBoardWatcher:
    """A watcher that writes the scores of each epoch for TensorBoard."""

    def __init__(self, folder: Path, watcher: Watcher) -> None:
        self._folder, self._watcher = folder, watcher
        self.on_batch = watcher.on_batch

    def on_epoch(self, progress: checkpoint.Progress) -> None:
        """Write the epoch's scores, and pass the epoch on."""
        # Opened for each epoch, so that a kill leaves no open file or half-written score.
        try:
            writer = Writer(str(self._folder))
            for name, values in progress.history.items():
                writer.add_scalar(name, values[-1], step=progress.epoch)
            writer.close()
        except OSError as error:  # a log is not worth a training
            _log.warning("Scores are missing in %s: %s", self._folder, error.strerror or error)
        self._watcher.on_epoch(progress)


class InterruptFlag:
    """A watcher that stops training on request, and repeats an interrupt that was swallowed."""

    def __init__(self, watcher: Watcher, stop: Callable[[], bool] | None = None) -> None:
        self._watcher, self._stop = watcher, stop
        self._interrupted = False

    def on_batch(self, epoch: int, batch: int, batches: int, steps: int, loss: float) -> None:
        """Pass the batch on.

        Raises:
            KeyboardInterrupt: SIGINT was received.
            TrainingStopped: ``stop`` returned True.
        """
        self._check()
        self._watcher.on_batch(epoch, batch, batches, steps, loss)

    def on_epoch(self, progress: checkpoint.Progress) -> None:
        """Pass the epoch on; see ``on_batch``."""
        self._check()
        self._watcher.on_epoch(progress)

    def on_signal(self, number: int, frame: FrameType | None) -> None:
        """Handle SIGINT: set the flag and raise KeyboardInterrupt."""
        del number, frame
        self._interrupted = True
        raise KeyboardInterrupt

    def _check(self) -> None:
        if self._interrupted:
            raise KeyboardInterrupt
        if self._stop is not None and self._stop():
            raise TrainingStopped


@contextmanager
def deferred_interrupts(
    watcher: Watcher, stop: Callable[[], bool] | None = None
) -> Iterator[InterruptFlag]:
    """Yield an ``InterruptFlag``; in the main thread, it handles SIGINT inside the block."""
    flag = InterruptFlag(watcher, stop)
    if threading.current_thread() is not threading.main_thread():
        yield flag
        return
    former = signal.signal(signal.SIGINT, flag.on_signal)
    try:
        yield flag
    finally:
        signal.signal(signal.SIGINT, former)


class TerminalWatcher:
    """A progress bar with speed and remaining time on a terminal, and a line for each epoch.

    Args:
        unit: Name of a step, in the singular.
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

    def on_batch(self, epoch: int, batch: int, batches: int, steps: int, loss: float) -> None:
        """Move the bar."""
        if self._console.is_terminal:
            self._bar.start()
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
        """Print the epoch's scores."""
        self._console.print(progress.line(self._unit), soft_wrap=True)

    def close(self) -> None:
        """Remove the bar."""
        if self._console.is_terminal:
            self._bar.stop()
