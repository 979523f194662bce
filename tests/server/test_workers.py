"""The worker pool: order, admission, interrupts, cleaning up."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Iterator

import pytest

from magenta_bridge.errors import DeadlineError, OverloadedError, ServerUnavailableError
from magenta_bridge.server.workers import WorkerPool

Interrupt = Callable[[], None]


@pytest.fixture
def pool() -> Iterator[WorkerPool]:
    """One thread, and room for two more requests."""
    made = WorkerPool(1, waiting=2)
    yield made
    made.close()


def _count_to(last: int) -> Callable[[Interrupt], Iterator[int]]:
    def work(interrupt: Interrupt) -> Iterator[int]:
        for number in range(last):
            interrupt()
            yield number

    return work


@pytest.mark.asyncio
async def test_items_come_in_order_and_from_a_worker_thread(pool: WorkerPool) -> None:
    names: list[str] = []

    def work(_: Interrupt) -> Iterator[int]:
        names.append(threading.current_thread().name)
        yield from range(5)

    assert [item async for item in pool.iterate(work, seconds=10)] == [0, 1, 2, 3, 4]
    assert names == ["worker-0"]
    assert pool.open == 0


@pytest.mark.asyncio
async def test_an_early_deadline_overtakes_a_late_one(pool: WorkerPool) -> None:
    """Both wait for the only thread; the urgent one is through before the other's second item."""
    gate, begun = threading.Event(), threading.Event()
    finished: list[str] = []

    def block(_: Interrupt) -> Iterator[int]:
        begun.set()
        gate.wait(10)
        yield 0

    async def run(name: str, work: Callable[[Interrupt], Iterator[int]], seconds: float) -> None:
        async for _ in pool.iterate(work, seconds=seconds):
            finished.append(name)

    blocked = asyncio.ensure_future(run("block", block, 100))
    assert await asyncio.to_thread(begun.wait, 10)
    late = asyncio.ensure_future(run("late", _count_to(3), 50))
    await asyncio.sleep(0)
    urgent = asyncio.ensure_future(run("urgent", _count_to(1), 20))
    await asyncio.sleep(0)
    gate.set()
    await asyncio.gather(blocked, late, urgent)
    assert finished.index("urgent") < finished.index("late")


@pytest.mark.asyncio
async def test_a_request_too_many_is_refused(pool: WorkerPool) -> None:
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(3):
            items = await stack.enter_async_context(
                contextlib.aclosing(pool.iterate(_count_to(5), seconds=10))
            )
            assert await items.__anext__() == 0
        with pytest.raises(OverloadedError):
            await pool.iterate(_count_to(1), seconds=10).__anext__()
    assert [item async for item in pool.iterate(_count_to(1), seconds=10)] == [0]


@pytest.mark.asyncio
async def test_a_passed_deadline_stops_the_work(pool: WorkerPool) -> None:
    ended = threading.Event()

    def work(interrupt: Interrupt) -> Iterator[int]:
        try:
            while True:
                interrupt()
        finally:
            ended.set()
        yield 0

    with pytest.raises(DeadlineError):
        await pool.iterate(work, seconds=0.02).__anext__()
    assert ended.is_set()
    assert pool.open == 0


@pytest.mark.asyncio
async def test_work_that_waits_past_its_deadline_never_starts(pool: WorkerPool) -> None:
    started = threading.Event()

    def work(_: Interrupt) -> Iterator[int]:
        started.set()
        yield 0

    with pytest.raises(DeadlineError):
        await pool.iterate(work, seconds=-1).__anext__()
    assert not started.is_set()


@pytest.mark.asyncio
@pytest.mark.parametrize("items", [0, 1])
async def test_a_canceled_request_is_closed_once_its_step_is_over(
    pool: WorkerPool, items: int
) -> None:
    """Whether it is canceled in its first step or in a later one."""
    stepping, closed = threading.Event(), threading.Event()

    def work(interrupt: Interrupt) -> Iterator[int]:
        try:
            yield from range(items)
            stepping.set()
            while True:
                interrupt()
        finally:
            closed.set()

    async def read() -> None:
        async for _ in pool.iterate(work, seconds=60):
            pass

    reading = asyncio.ensure_future(read())
    assert await asyncio.to_thread(stepping.wait, 10)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert await asyncio.to_thread(closed.wait, 10)
    assert [item async for item in pool.iterate(_count_to(2), seconds=10)] == [0, 1]


@pytest.mark.asyncio
async def test_an_iterator_between_two_steps_is_closed_too(pool: WorkerPool) -> None:
    closed = threading.Event()

    def work(_: Interrupt) -> Iterator[int]:
        try:
            yield from range(10)
        finally:
            closed.set()

    async with contextlib.aclosing(pool.iterate(work, seconds=10)) as items:
        await items.__anext__()
    assert await asyncio.to_thread(closed.wait, 10)


@pytest.mark.asyncio
async def test_what_the_work_raises_arrives(pool: WorkerPool) -> None:
    def work(_: Interrupt) -> Iterator[int]:
        yield 0
        raise KeyError("x")

    with pytest.raises(KeyError):
        async for _ in pool.iterate(work, seconds=10):
            pass
    assert pool.open == 0


@pytest.mark.asyncio
async def test_a_closed_pool_takes_nothing() -> None:
    pool = WorkerPool(1)
    pool.close()
    with pytest.raises(ServerUnavailableError):
        await pool.iterate(_count_to(1), seconds=10).__anext__()
