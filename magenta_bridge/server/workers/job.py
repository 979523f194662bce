"""One request's work: an iterator that is stepped, stopped and closed."""

from __future__ import annotations

import enum
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from typing import Generic, Protocol, TypeVar

from magenta_bridge.errors import CancelledError, DeadlineError

T = TypeVar("T")
Work = Callable[[Callable[[], None]], Iterator[T]]


class WorkObserver(Protocol):
    """Sees steps go by.

    Threading: called by the worker threads, by several at once.
    """

    def stepped(self, waited_seconds: float, ran_seconds: float) -> None:
        """Hears of a step that was done: how long it waited for a thread, and how long it ran."""


class End(enum.Enum):
    """What ``Job.step`` returns after the last item."""

    END = enum.auto()


class Step(Generic[T]):
    """One call on a worker thread and the future of its result."""

    def __init__(self, call: Callable[[], T], observer: WorkObserver | None = None) -> None:
        self.future: Future[T] = Future()
        self._call: Callable[[], T] | None = call
        self._observer = observer
        self._queued = time.monotonic()

    def run(self) -> None:
        """Makes the call, unless nobody waits for it any more."""
        call = self._call
        if not self.future.set_running_or_notify_cancel() or call is None:
            return
        began = time.monotonic()
        try:
            result = call()
        except BaseException as error:  # noqa: BLE001 - handed to whoever awaits the future
            self._tell(began)
            self.future.set_exception(error)
        else:
            self._tell(began)
            self.future.set_result(result)

    def withdraw(self) -> bool:
        """Takes the call back, and whatever it holds in memory; False where it has begun."""
        if not self.future.cancel():
            return False
        self._call = None
        return True

    def _tell(self, began: float) -> None:
        # Before the future, so that whoever has the result finds the step counted.
        if self._observer is not None:
            self._observer.stepped(began - self._queued, time.monotonic() - began)


class Job(Generic[T]):
    """One request's iterator, from its first step to its closing.

    Threading: stepped by one thread at a time; ``cancel`` and ``close`` from any.

    Args:
        work: Called with an interrupt, which raises once the work is not wanted any more.
        deadline: When it must end, by ``time.monotonic()``.
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
        """Raises once the work is not wanted any more."""
        if self._cancelled.is_set():
            raise CancelledError("The caller took the request back.")
        if time.monotonic() > self.deadline:
            raise DeadlineError("The time allowed for the request has passed; it was stopped.")

    def cancel(self) -> None:
        """Has the step in hand, if there is one, stop at its next interrupt."""
        self._cancelled.set()

    def step(self) -> T | End:
        """Returns the next item, or ``End.END``."""
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
        """Lets the iterator clean up, unless a step is running: then that does it after."""
        if not self._stepping.acquire(blocking=False):
            return
        try:
            close = getattr(self._iterator, "close", None)
            if close is not None:
                close()
        finally:
            self._stepping.release()
