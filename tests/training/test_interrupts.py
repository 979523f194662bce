"""An interrupt that a library swallowed is raised again at the next batch or epoch; stop stops."""

from __future__ import annotations

import signal
import threading

import pytest

from magenta_bridge.training.callbacks import (
    InterruptFlag,
    TrainingStopped,
    deferred_interrupts,
)
from magenta_bridge.training.checkpoint import Progress


class _Counting:
    def __init__(self) -> None:
        self.seen: list[str] = []

    def on_batch(self, epoch: int, batch: int, batches: int, steps: int, loss: float) -> None:
        """Count."""
        del epoch, batch, batches, steps, loss
        self.seen.append("batch")

    def on_epoch(self, progress: Progress) -> None:
        """Count."""
        del progress
        self.seen.append("epoch")


class _Swallowing:
    """What a library may do: an interrupt in a destructor goes nowhere."""

    def __del__(self) -> None:
        signal.raise_signal(signal.SIGINT)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_swallowed_interrupt_is_raised_again() -> None:
    counting = _Counting()
    with deferred_interrupts(counting) as flag:
        flag.on_batch(0, 1, 2, 8, 1.0)
        _Swallowing()
        with pytest.raises(KeyboardInterrupt):
            flag.on_batch(0, 2, 2, 8, 1.0)
        with pytest.raises(KeyboardInterrupt):
            flag.on_epoch(Progress())
    assert counting.seen == ["batch"]


def test_an_interrupt_stops_at_once_and_handlers_are_restored() -> None:
    former = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt), deferred_interrupts(_Counting()):
        signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is former


def test_batches_and_epochs_are_passed_on_in_any_thread() -> None:
    counting = _Counting()

    def watch() -> None:
        with deferred_interrupts(counting) as flag:
            assert isinstance(flag, InterruptFlag)
            flag.on_batch(0, 1, 1, 8, 1.0)
            flag.on_epoch(Progress())

    thread = threading.Thread(target=watch)
    thread.start()
    thread.join()
    assert counting.seen == ["batch", "epoch"]


def test_stop_ends_training_at_the_next_batch_or_epoch() -> None:
    """An event from another thread, as a notebook would use it."""
    counting, stop = _Counting(), threading.Event()
    with deferred_interrupts(counting, stop.is_set) as flag:
        flag.on_batch(0, 1, 2, 8, 1.0)
        stop.set()
        with pytest.raises(TrainingStopped):
            flag.on_batch(0, 2, 2, 8, 1.0)
        with pytest.raises(TrainingStopped):
            flag.on_epoch(Progress())
    assert counting.seen == ["batch"]
