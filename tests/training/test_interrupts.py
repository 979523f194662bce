"""An interrupt that was lost in a library comes again at the next batch or epoch."""

from __future__ import annotations

import signal
import threading

import pytest

from magenta_bridge.training.callbacks import InterruptFlag, deferred_interrupts
from magenta_bridge.training.checkpoint import Progress


class _Counting:
    def __init__(self) -> None:
        self.heard: list[str] = []

    def on_batch(self, epoch: int, batch: int, batches: int, steps: int, loss: float) -> None:
        """Counts."""
        del epoch, batch, batches, steps, loss
        self.heard.append("batch")

    def on_epoch(self, progress: Progress) -> None:
        """Counts."""
        del progress
        self.heard.append("epoch")


class _Swallowing:
    """What a library may do: an interrupt in a destructor goes nowhere."""

    def __del__(self) -> None:
        signal.raise_signal(signal.SIGINT)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_lost_interrupt_comes_again() -> None:
    counting = _Counting()
    with deferred_interrupts(counting) as flag:
        flag.on_batch(0, 1, 2, 8, 1.0)
        _Swallowing()
        with pytest.raises(KeyboardInterrupt):
            flag.on_batch(0, 2, 2, 8, 1.0)
        with pytest.raises(KeyboardInterrupt):
            flag.on_epoch(Progress())
    assert counting.heard == ["batch"]


def test_an_interrupt_that_is_not_lost_stops_at_once_and_handlers_are_put_back() -> None:
    former = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt), deferred_interrupts(_Counting()):
        signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is former


def test_all_else_is_passed_on_in_any_thread() -> None:
    counting = _Counting()

    def watch() -> None:
        with deferred_interrupts(counting) as flag:
            assert isinstance(flag, InterruptFlag)
            flag.on_batch(0, 1, 1, 8, 1.0)
            flag.on_epoch(Progress())

    thread = threading.Thread(target=watch)
    thread.start()
    thread.join()
    assert counting.heard == ["batch", "epoch"]
