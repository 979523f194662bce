"""The work of one request: an iterator that can be stepped, canceled and closed."""

from __future__ import annotations

import enum
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from typing import Generic, TypeVar

from magenta_bridge.errors import CancelledError, DeadlineError

T = TypeVar("T")
Work = Callable[[Callable[[], None]], Iterator[T]]
# Called by the worker threads after each step with the seconds it waited and the seconds it ran.
StepObserver = Callable[[float, float], None]


class End(enum.Enum):
    """What ``Job.step`` returns after the last item."""

    END = enum.auto()


class Step(Generic[T]):
    """One call on a worker thread, and the future of its result."""

    def __init__(self, call: Callable[[], T], observer: StepObserver | None = None) -> None:
        self.future: Future[T] = Future()
        self._call: Callable[[], T] | None = call
        self._observer = observer
        self._queued = time.monotonic()

    def run(self) -> None:
        """Make the call, unless it was withdrawn."""
        call = self._call
        if not self.future.set_running_or_notify_cancel() or call is None:
            return
        began = time.monotonic()
        try:
            result = call()
        except BaseException as error:  # noqa: BLE001 - passed to the future
            self._observe(began)
            self.future.set_exception(error)
        else:
            self._observe(began)
            self.future.set_result(result)

    def withdraw(self) -> bool:
        """Cancel the call and release what it references; return False if it has begun."""
        if not self.future.cancel():
            return False
        self._call = None
        return True

    def _observe(self, began: float) -> None:
        # Before the future is set, so that a step is counted when its result is available.
        if self._observer is not None:
            self._observer(began - self._queued, time.monotonic() - began)


class Job(Generic[T]):
    """The iterator of one request, from its first step until it is closed.

    Threading: step it on one thread at a time; ``cancel`` and ``close`` are safe from any thread.

    Args:
        work: Called with an interrupt, which raises once the result is no longer needed.
        deadline: When the work must end, by ``time.monotonic()``.
    """

    def __init__(self, work: Work[T], deadline: float) -> None:
        self.deadline = deadline
        self._work = work
        self._iterator: Iterator[T] | None = None
        self._cancelled = threading.Event()
        self._stepping = threading.Lock()

    @property
    def begun(self) -> bool:
        """Whether there is an iterator to close."""
        return self._iterator is not None

    def interrupt(self) -> None:
        """Raise if the work was canceled or its deadline has passed."""
        if self._cancelled.is_set():
            raise CancelledError("The caller canceled the request.")
        if time.monotonic() > self.deadline:
            raise DeadlineError("The request took longer than its timeout and was stopped.")

    def cancel(self) -> None:
        """Stop the running step, if there is one, at its next interrupt."""
        self._cancelled.set()

    def step(self) -> T | End:
        """Return the next item, or ``End.END``."""
        try:
            with self._stepping:
                self.interrupt()
                if self._iterator is None:
                    self._iterator = iter(self._work(self.interrupt))
                return next(self._iterator, End.END)
        finally:
            if self._cancelled.is_set():
                self.close()

    def close(self) -> None:
        """Close the iterator; if a step is running, the step closes it at its end."""
        if not self._stepping.acquire(blocking=False):
            return
        try:
            close = getattr(self._iterator, "close", None)
            if close is not None:
                close()
        finally:
            self._stepping.release()
