"""Worker threads that run the generators chunk by chunk, in the order of a fair queue."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import os
import threading
import time
from collections import Counter, deque
from collections.abc import AsyncGenerator, Callable, Iterator
from typing import Any, Final, TypeVar

from magenta_bridge.errors import OverloadedError, ServerUnavailableError
from magenta_bridge.limits import OPEN_REQUESTS, QUEUE_SECONDS
from magenta_bridge.server.workers.fair_queue import FairQueue
from magenta_bridge.server.workers.job import End, Job, Step, StepObserver, Work

T = TypeVar("T")

# Requests accepted beyond the limit from clients without any, so that no client can use all slots.
RESERVED: Final = 16


class WorkerPool:
    """Runs iterators on worker threads, a step at a time.

    An iterator holds no thread between two steps, so a slow reader delays no other request, and an
    urgent request overtakes a long one. Steps run only as the reader requests them. ``FairQueue``
    decides which step is next: equal shares of time for all clients, earliest deadline first.

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
            try:
                item = await self._first_step(job, account, due)
                while not isinstance(item, End):
                    yield item
                    if music is not None:
                        due = min(came + music(item), job.deadline)
                    item = await asyncio.wrap_future(self._put(account, due, job.step).future)
            finally:
                job.cancel()
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
