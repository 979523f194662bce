"""Worker threads that run the generators chunk by chunk, in the order of a fair queue."""

from __future__ import annotations

import asyncio
import contextlib
import enum
import functools
import os
import threading
import time
from collections import Counter, deque
from collections.abc import AsyncGenerator, Callable, Iterator
from concurrent.futures import Future
from typing import Any, Final, Generic, TypeVar

from magenta_bridge.errors import (
    CancelledError,
    DeadlineError,
    OverloadedError,
    ServerUnavailableError,
)
from magenta_bridge.limits import OPEN_REQUESTS, QUEUE_SECONDS
from magenta_bridge.server.workers.fair_queue import FairQueue

T = TypeVar("T")
Work = Callable[[Callable[[], None]], Iterator[T]]
# Called by the worker threads after each step with the seconds it waited and the seconds it ran.
StepObserver = Callable[[float, float], None]

# Requests accepted beyond the limit from clients without any, so that no client can use all slots.
RESERVED: Final = 16


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


class WorkerPool:
    """Runs iterators on worker threads, a step at a time.

    An iterator holds no thread between two steps, so a slow reader delays no other request, and an
    urgent request overtakes a long one. At most one step runs ahead of the reader, so that a
    client whose reader is slow for a moment keeps its turn. ``FairQueue`` decides which step is
    next: equal shares of time for all clients, earliest deadline first.

    The deadline of a step is the time at which its music would sound if it played from the arrival
    of the request: arrival plus the music generated so far, and never after the request's
    deadline. So a new request is due at once, one bar is complete before a long request continues,
    and of two streams the one with the smaller lead is first. Work without a known duration is due
    at its deadline.

    Threading: call it on one event loop. An iterator is stepped by one thread at a time, but not
    always by the same one.

    Args:
        threads: Number of worker threads; None for one per core.
        waiting: Requests accepted beyond those that have a thread.
        queue_seconds: Maximum time that a request waits for its first step.
        clock: Measures the seconds for which a step used a thread.
    """

    def __init__(
        self,
        threads: int | None = None,
        *,
        waiting: int = OPEN_REQUESTS.value,
        queue_seconds: float = float(QUEUE_SECONDS.value),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        count = threads or os.cpu_count() or 1
        self._limit = count + waiting
        self._open: Counter[str] = Counter()
        self._queue_seconds = queue_seconds
        self._clock = clock
        self._queue: FairQueue[Step[Any]] = FairQueue()
        self._closings: deque[Step[None]] = deque()
        self._changed = threading.Condition()
        self._closed = False
        self._observer: StepObserver | None = None
        # Daemons: a generator that ignores its interrupt must not keep the process.
        self._threads = [
            threading.Thread(target=self._run, name=f"worker-{number}", daemon=True)
            for number in range(count)
        ]
        for thread in self._threads:
            thread.start()

    def observe(self, observer: StepObserver) -> None:
        """Call ``observer`` after every step from now on."""
        self._observer = observer

    @property
    def waiting(self) -> int:
        """Number of steps that wait for a thread."""
        return len(self._queue)

    @property
    def open(self) -> int:
        """Number of requests that are running or queued."""
        return self._open.total()

    async def iterate(
        self,
        work: Work[T],
        *,
        seconds: float,
        account: str = "",
        music: Callable[[T], float] | None = None,
    ) -> AsyncGenerator[T, None]:
        """Run ``work`` and yield its items.

        Closing or canceling this iterator stops the work within one of its chunks.

        Args:
            work: Called with an interrupt, which raises once the result is no longer needed.
            seconds: Timeout of the whole work.
            account: The client's account.
            music: Returns the seconds of music generated up to the end of an item.

        Raises:
            OverloadedError: The pool has as many requests as it accepts, or the request has waited
                too long.
            DeadlineError: The timeout has passed.
            ServerUnavailableError: The pool is closed.
        """
        if self._closed:
            raise ServerUnavailableError("The server is shutting down; try again in a moment.")
        with self._admit(account):
            came = time.monotonic()
            job = Job(work, came + seconds)
            due = job.deadline if music is None else min(came, job.deadline)
            ahead: Step[T | End] | None = None
            try:
                item = await self._first_step(job, account, due)
                while not isinstance(item, End):
                    if music is not None:
                        due = min(came + music(item), job.deadline)
                    # Before the reader takes this item, or its client would lose its turn.
                    ahead = self._put(account, due, job.step)
                    yield item
                    item = await asyncio.wrap_future(ahead.future)
            finally:
                job.cancel()
                if ahead is not None:
                    ahead.withdraw()
                if job.begun:
                    self._put_closing(Step(job.close))

    @contextlib.contextmanager
    def _admit(self, account: str) -> Iterator[None]:
        """Count a request, or reject it if there are too many."""
        if self.open >= self._limit + (0 if self._open[account] else RESERVED):
            raise OverloadedError(
                f"The server has {self.open} open requests and accepts no more; "
                "try again in a moment.",
                metadata={"limit": "open requests", "maximum": str(self._limit)},
            )
        self._open[account] += 1
        try:
            yield
        finally:
            self._open[account] -= 1
            if not self._open[account]:
                del self._open[account]

    async def _first_step(self, job: Job[T], account: str, due: float) -> T | End:
        step = self._put(account, due, job.step)
        result = asyncio.wrap_future(step.future)
        try:
            done, _ = await asyncio.wait({result}, timeout=self._queue_seconds)
            if not done and step.withdraw():
                raise OverloadedError(
                    f"The request was queued for {self._queue_seconds:g} seconds; the server is "
                    "overloaded, try again in a moment.",
                    metadata={"limit": "queue age", "maximum": f"{self._queue_seconds:g}"},
                )
            return await result
        finally:
            result.cancel()
            step.withdraw()

    def _put(self, account: str, due: float, call: Callable[[], T]) -> Step[T]:
        step = Step(call, self._observer)
        with self._changed:
            self._queue.put(account, due, step)
            self._changed.notify()
        return step

    def _put_closing(self, step: Step[None]) -> None:
        with self._changed:
            self._closings.append(step)
            self._changed.notify()

    def _run(self) -> None:
        while self._run_next():
            pass

    def _run_next(self) -> bool:
        # In its own frame: an idle thread must not reference a generator that was unloaded.
        call = self._next()
        if call is None:
            return False
        call()
        return True

    def _next(self) -> Callable[[], None] | None:
        """Return what the thread does next, closings before steps; None to end."""
        with self._changed:
            while True:
                if self._closings:
                    return self._closings.popleft().run
                if self._closed:
                    return None
                taken = self._queue.take()
                if taken is not None:
                    return functools.partial(self._run_step, *taken)
                self._changed.wait()

    def _run_step(self, account: str, step: Step[Any]) -> None:
        began = self._clock()
        step.run()
        with self._changed:
            self._queue.charge(account, self._clock() - began)

    def close(self) -> None:
        """End each thread after its current step; accept no more requests."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
