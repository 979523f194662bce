"""Training as one sees it: a bar with speed and time left, a line for each epoch."""

from __future__ import annotations

import sys
import time

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from magenta_bridge.training import checkpoint


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
