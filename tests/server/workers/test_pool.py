"""The worker pool: order, admission, interrupts, cleanup."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Callable, Iterator

import pytest

from magenta_bridge.errors import DeadlineError, OverloadedError, ServerUnavailableError
from magenta_bridge.server.workers.pool import WorkerPool

Interrupt = Callable[[], None]


@pytest.fixture
def pool() -> Iterator[WorkerPool]:
    """A pool with one thread that accepts two more requests."""
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
    """Both wait for the only thread; the urgent one ends before the other's first item."""
    gate, begun = threading.Event(), threading.Event()
    finished: list[str] = []

    def block(_: Interrupt) -> Iterator[int]:
        begun.set()
        gate.wait(60)
        yield 0

    async def run(name: str, work: Callable[[Interrupt], Iterator[int]], seconds: float) -> None:
        async for _ in pool.iterate(work, seconds=seconds):
            finished.append(name)

    blocked = asyncio.ensure_future(run("block", block, 100))
    assert await asyncio.to_thread(begun.wait, 60)
    late = asyncio.ensure_future(run("late", _count_to(3), 50))
    await asyncio.sleep(0)
    urgent = asyncio.ensure_future(run("urgent", _count_to(1), 20))
    await asyncio.sleep(0)
    gate.set()
    await asyncio.gather(blocked, late, urgent)
    assert finished.index("urgent") < finished.index("late")


@pytest.mark.asyncio
async def test_a_request_beyond_the_limit_is_rejected(pool: WorkerPool) -> None:
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
        await pool.iterate(work, seconds=0.5).__anext__()
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
async def test_a_canceled_request_is_closed_after_its_step(pool: WorkerPool, items: int) -> None:
    """Canceled in the first step, or in a later one."""
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
    assert await asyncio.to_thread(stepping.wait, 60)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert await asyncio.to_thread(closed.wait, 60)
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
    assert await asyncio.to_thread(closed.wait, 60)


@pytest.mark.asyncio
async def test_errors_of_the_work_are_raised(pool: WorkerPool) -> None:
    def work(_: Interrupt) -> Iterator[int]:
        yield 0
        raise KeyError("x")

    with pytest.raises(KeyError):
        async for _ in pool.iterate(work, seconds=10):
            pass
    assert pool.open == 0


@pytest.mark.asyncio
async def test_a_closed_pool_rejects_requests() -> None:
    pool = WorkerPool(1)
    pool.close()
    with pytest.raises(ServerUnavailableError):
        await pool.iterate(_count_to(1), seconds=10).__anext__()


@pytest.mark.asyncio
async def test_the_stream_with_the_smaller_lead_is_first(pool: WorkerPool) -> None:
    """Of two streams of one client, the new one runs first."""
    gate, begun = threading.Event(), threading.Event()
    order: list[str] = []

    def write(name: str) -> Callable[[Interrupt], Iterator[float]]:
        def work(_: Interrupt) -> Iterator[float]:
            for step in range(1, 11):
                order.append(name)
                yield step * 100.0

        return work

    def block(_: Interrupt) -> Iterator[float]:
        begun.set()
        gate.wait(60)
        yield 0.0

    async def read(items: AsyncIterator[float]) -> None:
        async for _ in items:
            pass

    ahead = pool.iterate(write("ahead"), seconds=5_000, music=float)
    for _ in range(5):
        await ahead.__anext__()
    blocked = asyncio.ensure_future(read(pool.iterate(block, seconds=5_000)))
    assert await asyncio.to_thread(begun.wait, 60)
    order.clear()
    reading = asyncio.ensure_future(read(ahead))
    await asyncio.sleep(0)
    new = asyncio.ensure_future(read(pool.iterate(write("new"), seconds=5_000, music=float)))
    await asyncio.sleep(0)
    gate.set()
    await asyncio.gather(blocked, reading, new)
    assert order[0] == "new"
    assert order.count("ahead") in {4, 5}  # one step runs ahead of the reader


@pytest.mark.asyncio
async def test_one_step_runs_ahead_of_the_reader(pool: WorkerPool) -> None:
    """The client of a reader that is slow for a moment keeps its turn; no more is generated."""
    second, steps = threading.Event(), 0

    def work(_: Interrupt) -> Iterator[int]:
        nonlocal steps
        for number in range(5):
            steps += 1
            if number == 1:
                second.set()
            yield number

    async with contextlib.aclosing(pool.iterate(work, seconds=100)) as items:
        assert await items.__anext__() == 0
        assert await asyncio.to_thread(second.wait, 60)
        assert [item async for item in pool.iterate(_count_to(3), seconds=100)] == [0, 1, 2]
        assert steps == 2
        assert [await items.__anext__(), await items.__anext__()] == [1, 2]
    assert pool.open == 0


@pytest.mark.asyncio
async def test_each_step_is_charged_to_its_client() -> None:
    """After one expensive step of a client, another client's step is next; see ``FairQueue``."""
    gate, begun = threading.Event(), threading.Event()
    now = 0.0
    order: list[str] = []

    def block(_: Interrupt) -> Iterator[int]:
        begun.set()
        gate.wait(60)
        yield 0

    def spend(account: str) -> Callable[[Interrupt], Iterator[int]]:
        def work(_: Interrupt) -> Iterator[int]:
            nonlocal now
            now += 1.0
            order.append(account)
            yield 0

        return work

    async def read(account: str, work: Callable[[Interrupt], Iterator[int]]) -> None:
        async for _ in shared.iterate(work, seconds=600, account=account):
            pass

    shared = WorkerPool(1, clock=lambda: now)
    blocked = asyncio.ensure_future(read("block", block))
    assert await asyncio.to_thread(begun.wait, 60)
    readers = []
    for account in ("greedy", "greedy", "greedy", "modest"):
        readers.append(asyncio.ensure_future(read(account, spend(account))))
        await asyncio.sleep(0)
    assert shared.waiting == 4
    gate.set()
    await asyncio.wait_for(asyncio.gather(blocked, *readers), 60)
    shared.close()
    assert order == ["greedy", "modest", "greedy", "greedy"]


@pytest.mark.asyncio
async def test_a_client_without_open_requests_is_admitted(pool: WorkerPool) -> None:
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(3):
            items = await stack.enter_async_context(
                contextlib.aclosing(pool.iterate(_count_to(5), seconds=10, account="greedy"))
            )
            await items.__anext__()
        other = pool.iterate(_count_to(2), seconds=10, account="modest")
        assert [item async for item in other] == [0, 1]
        with pytest.raises(OverloadedError):
            await pool.iterate(_count_to(1), seconds=10, account="greedy").__anext__()


@pytest.mark.asyncio
async def test_a_request_that_waits_too_long_is_rejected_and_never_runs() -> None:
    pool = WorkerPool(1, queue_seconds=0.5)
    gate, begun, started = threading.Event(), threading.Event(), threading.Event()

    def block(_: Interrupt) -> Iterator[int]:
        begun.set()
        gate.wait(60)
        yield 0

    def late(_: Interrupt) -> Iterator[int]:
        started.set()
        yield 0

    blocked = asyncio.ensure_future(pool.iterate(block, seconds=60).__anext__())
    assert await asyncio.to_thread(begun.wait, 60)
    with pytest.raises(OverloadedError) as caught:
        await pool.iterate(late, seconds=60).__anext__()
    assert caught.value.metadata["limit"] == "queue age"
    gate.set()
    assert await blocked == 0, "a step that has begun must not be rejected"
    assert [item async for item in pool.iterate(_count_to(2), seconds=10)] == [0, 1]
    assert not started.is_set()
    pool.close()


@pytest.mark.asyncio
async def test_closing_the_pool_closes_open_iterators() -> None:
    pool = WorkerPool(1)
    closed = threading.Event()

    def work(_: Interrupt) -> Iterator[int]:
        try:
            yield from range(10)
        finally:
            closed.set()

    items = pool.iterate(work, seconds=10)
    await items.__anext__()
    await items.aclose()
    pool.close()
    assert await asyncio.to_thread(closed.wait, 60)
