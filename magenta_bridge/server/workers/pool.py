"""Threads that do the generators' work, one chunk at a time, by a fair schedule."""

from __future__ import annotations

import asyncio
import functools
import os
import threading
import time
from collections import deque
from collections.abc import AsyncGenerator, Callable
from typing import Any, TypeVar

from magenta_bridge.errors import OverloadedError, ServerUnavailableError
from magenta_bridge.limits import OPEN_REQUESTS, QUEUE_SECONDS
from magenta_bridge.server.settings import ServerSettings
from magenta_bridge.server.workers.admission import Admission
from magenta_bridge.server.workers.fair_queue import Schedule
from magenta_bridge.server.workers.job import End, Job, Step, Work, WorkObserver

T = TypeVar("T")


class WorkerPool:
    """Runs iterators on worker threads, a step at a time.

    Between two steps an iterator holds no thread, so a slow reader holds up nobody, and what is
    urgent overtakes what is long. Nothing is made ahead of the reader. Which step is next is
    said by ``Schedule``: equal shares of time for all clients, and within them what is due
    first.

    A step is due when its music would be heard if it played from the moment the request came:
    at that time plus the music made so far, yet never after the request's deadline. A new
    request is thus due at once, one bar is through before a long piece goes on, and of two
    streams the one whose lead is smaller comes first. Work that does not tell how much music
    it has made is due at its deadline.

    Threading: one event loop uses it. An iterator is stepped by one thread at a time, but not
    always by the same.

    Args:
        threads: Worker threads; None for one per core.
        waiting: Requests accepted beyond those that have a thread each.
        queue_seconds: How long a request may wait for its first step.
    """

    def __init__(
        self,
        threads: int | None = None,
        *,
        waiting: int = OPEN_REQUESTS.value,
        queue_seconds: float = float(QUEUE_SECONDS.value),
    ) -> None:
        count = threads or os.cpu_count() or 1
        self._admission = Admission(count + waiting)
        self._queue_seconds = queue_seconds
        self._schedule: Schedule[Step[Any]] = Schedule()
        self._closings: deque[Step[None]] = deque()
        self._changed = threading.Condition()
        self._closed = False
        self._observer: WorkObserver | None = None
        # Daemons: a generator that does not answer its interrupt must not keep the process.
        self._threads = [
            threading.Thread(target=self._run, name=f"worker-{number}", daemon=True)
            for number in range(count)
        ]
        for thread in self._threads:
            thread.start()

    def observe(self, observer: WorkObserver) -> None:
        """Tells ``observer`` of every step from now on."""
        self._observer = observer

    @property
    def waiting(self) -> int:
        """How many steps wait for a thread."""
        return len(self._schedule)

    @property
    def open(self) -> int:
        """How many requests are being worked on or wait."""
        return self._admission.open

    async def iterate(
        self,
        work: Work[T],
        *,
        seconds: float,
        account: str = "",
        music: Callable[[T], float] | None = None,
    ) -> AsyncGenerator[T, None]:
        """Runs ``work`` and yields what it yields.

        Closing or cancelling this iterator stops the work within one of its chunks.

        Args:
            work: Called with an interrupt, which raises once the work is not wanted any more.
            seconds: Time allowed for all of it.
            account: Client whose share of the threads is used.
            music: Tells from an item how many seconds of music there are up to its end.

        Raises:
            OverloadedError: There is as much to do as is accepted, or the request has waited
                too long.
            DeadlineError: The time has passed.
            ServerUnavailableError: The pool is closed.
        """
        if self._closed:
            raise ServerUnavailableError("The server is shutting down; try again in a moment.")
        with self._admission.enter(account):
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

    async def _first_step(self, job: Job[T], account: str, due: float) -> T | End:
        step = self._put(account, due, job.step)
        result = asyncio.wrap_future(step.future)
        try:
            done, _ = await asyncio.wait({result}, timeout=self._queue_seconds)
            if not done and step.withdraw():
                raise OverloadedError(
                    f"The request has waited {self._queue_seconds:g} seconds for its turn; "
                    "the server has too much to do, try again in a moment.",
                    metadata={"limit": "queue age", "maximum": f"{self._queue_seconds:g}"},
                )
            return await result
        finally:
            result.cancel()
            step.withdraw()

    def _put(self, account: str, due: float, call: Callable[[], T]) -> Step[T]:
        step = Step(call, self._observer)
        with self._changed:
            self._schedule.put(account, due, step)
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
        # No name outlives the step: a thread that waits must not keep a generator that has gone.
        call = self._next()
        if call is None:
            return False
        call()
        return True

    def _next(self) -> Callable[[], None] | None:
        """Returns what a thread shall do next, cleaning up before all music; None to end."""
        with self._changed:
            while True:
                if self._closings:
                    return self._closings.popleft().run
                if self._closed:
                    return None
                taken = self._schedule.take()
                if taken is not None:
                    return functools.partial(self._run_step, *taken)
                self._changed.wait()

    def _run_step(self, account: str, step: Step[Any]) -> None:
        began = time.monotonic()
        step.run()
        with self._changed:
            self._schedule.charge(account, time.monotonic() - began)

    def close(self) -> None:
        """Lets the threads end after the step in hand; no request is taken any more."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()


def pool_of(settings: ServerSettings) -> WorkerPool:
    """Returns the pool that the settings ask for."""
    return WorkerPool(
        settings.workers, waiting=settings.queue, queue_seconds=settings.queue_seconds
    )
