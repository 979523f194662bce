"""Ctrl-C that does not get lost.

Python raises KeyboardInterrupt wherever it happens to be; in a destructor or in a callback of a
library it is printed or dropped, and training would go on. So it is remembered, and raised again at
the next batch or epoch.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from magenta_bridge.training.checkpoint import Progress
from magenta_bridge.training.loop import Watcher


class Heedful:
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

    def on_epoch(self, progress: Progress) -> None:
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
def heeding_interrupts(watcher: Watcher) -> Iterator[Heedful]:
    """Yields a watcher that no Ctrl-C escapes; signals reach it in the main thread alone."""
    heedful = Heedful(watcher)
    if threading.current_thread() is not threading.main_thread():
        yield heedful
        return
    former = signal.signal(signal.SIGINT, heedful.note)
    try:
        yield heedful
    finally:
        signal.signal(signal.SIGINT, former)
