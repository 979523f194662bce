"""Threads that do the generators' work, one chunk at a time, earliest deadline first."""

from __future__ import annotations

import asyncio
import contextlib
import enum
import itertools
import os
import queue
import threading
import time
from collections.abc import AsyncGenerator, Callable, Iterator
from concurrent.futures import Future
from typing import Any, Final, Generic, Protocol, TypeVar

from magenta_bridge.errors import (
    CancelledError,
    DeadlineError,
    OverloadedError,
    ServerUnavailableError,
)

T = TypeVar("T")
Work = Callable[[Callable[[], None]], Iterator[T]]

MOST_WAITING: Final = 64

_STOP: Final = -1.0  # a deadline before all others


class WorkObserver(Protocol):
    """Sees steps go by.

    Threading: called by the worker threads, by several at once.
    """

    def stepped(self, waited_seconds: float, ran_seconds: float) -> None:
        """Hears of a step that was done: how long it waited for a thread, and how long it ran."""


class _End(enum.Enum):
    END = enum.auto()


class WorkerPool:
    """Runs iterators on worker threads, a step at a time.

    Between two steps an iterator holds no thread, so a slow reader holds up nobody, and a
    request with an early deadline overtakes a long one. Nothing is made ahead of the reader.

    Threading: one event loop uses it. An iterator is stepped by one thread at a time, but not
    always by the same.

    Args:
        threads: Worker threads; None for one per core.
        waiting: Requests accepted beyond those that have a thread each.
    """

    def __init__(self, threads: int | None = None, *, waiting: int = MOST_WAITING) -> None:
        count = threads or os.cpu_count() or 1
        self._most = count + waiting
        self._open = 0
        self._order = itertools.count()
        self._steps: queue.PriorityQueue[tuple[float, int, _Step[Any] | None]] = (
            queue.PriorityQueue()
        )
        # Daemons: a generator that does not answer its interrupt must not keep the process.
        self._threads = [
            threading.Thread(target=self._run, name=f"worker-{number}", daemon=True)
            for number in range(count)
        ]
        self._closed = False
        self._observer: WorkObserver | None = None
        for thread in self._threads:
            thread.start()

    def observe(self, observer: WorkObserver) -> None:
        """Tells ``observer`` of every step from now on."""
        self._observer = observer

    @property
    def waiting(self) -> int:
        """How many steps wait for a thread."""
        return self._steps.qsize()

    @property
    def open(self) -> int:
        """How many requests are being worked on or wait."""
        return self._open

    async def iterate(self, work: Work[T], *, seconds: float) -> AsyncGenerator[T, None]:
        """Runs ``work`` and yields what it yields.

        Closing or cancelling this iterator stops the work within one of its chunks.

        Args:
            work: Called with an interrupt, which raises once the work is not wanted any more.
            seconds: Time allowed for all of it.

        Raises:
            OverloadedError: There is as much to do as is accepted.
            DeadlineError: The time has passed.
            ServerUnavailableError: The pool is closed.
        """
        with self._admitted():
            job = _Job(work, time.monotonic() + seconds)
            try:
                while (item := await self._step(job)) is not _End.END:
                    yield item
            finally:
                job.cancel()
                self._put(_STOP, _Step(job.close))

    @contextlib.contextmanager
    def _admitted(self) -> Iterator[None]:
        if self._closed:
            raise ServerUnavailableError("The server is shutting down; try again in a moment.")
        if self._open >= self._most:
            raise OverloadedError(
                f"The server works on {self._open} requests and accepts no more; "
                "try again in a moment.",
                metadata={"limit": "open requests", "maximum": str(self._most)},
            )
        self._open += 1
        try:
            yield
        finally:
            self._open -= 1

    async def _step(self, job: _Job[T]) -> T | _End:
        step = _Step(job.step, self._observer)
        self._put(job.deadline, step)
        return await asyncio.wrap_future(step.future)

    def _put(self, deadline: float, step: _Step[Any] | None) -> None:
        self._steps.put((deadline, next(self._order), step))

    def _run(self) -> None:
        while (step := self._steps.get()[2]) is not None:
            step.run()

    def close(self) -> None:
        """Lets the threads end after the step in hand; no request is taken any more."""
        self._closed = True
        for _ in self._threads:
            self._put(_STOP, None)


class _Step(Generic[T]):
    """One call on a worker thread and the future of its result."""

    def __init__(self, call: Callable[[], T], observer: WorkObserver | None = None) -> None:
        self.future: Future[T] = Future()
        self._call = call
        self._observer = observer
        self._queued = time.monotonic()

    def run(self) -> None:
        if not self.future.set_running_or_notify_cancel():
            return
        began = time.monotonic()
        try:
            result = self._call()
        except BaseException as error:  # noqa: BLE001 - handed to whoever awaits the future
            self._tell(began)
            self.future.set_exception(error)
        else:
            self._tell(began)
            self.future.set_result(result)

    def _tell(self, began: float) -> None:
        # Before the future, so that whoever has the result finds the step counted.
        if self._observer is not None:
            self._observer.stepped(began - self._queued, time.monotonic() - began)


class _Job(Generic[T]):
    """One request's iterator, from its first step to its closing."""

    def __init__(self, work: Work[T], deadline: float) -> None:
        self.deadline = deadline
        self._work = work
        self._iterator: Iterator[T] | None = None
        self._cancelled = threading.Event()
        self._stepping = threading.Lock()

    def interrupt(self) -> None:
        """Raises once the work is not wanted any more."""
        if self._cancelled.is_set():
            raise CancelledError("The caller took the request back.")
        if time.monotonic() > self.deadline:
            raise DeadlineError("The time allowed for the request has passed; it was stopped.")

    def cancel(self) -> None:
        self._cancelled.set()

    def step(self) -> T | _End:
        """Returns the next item, or ``_End.END``."""
        try:
            with self._stepping:
                self.interrupt()
                if self._iterator is None:
                    self._iterator = iter(self._work(self.interrupt))
                return next(self._iterator, _End.END)
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
