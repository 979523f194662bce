"""The worker pool: order, admission, interrupts, cleaning up."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator

import pytest

from magenta_bridge.errors import DeadlineError, OverloadedError, ServerUnavailableError
from magenta_bridge.server.workers.pool import WorkerPool

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


@pytest.mark.asyncio
async def test_a_stream_with_less_music_made_comes_first(pool: WorkerPool) -> None:
    """Two streams of one client: the newcomer goes first until it leads as far."""
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
        gate.wait(10)
        yield 0.0

    async def read(items: AsyncIterator[float]) -> None:
        async for _ in items:
            pass

    ahead = pool.iterate(write("ahead"), seconds=5_000, music=float)
    for _ in range(5):
        await ahead.__anext__()
    blocked = asyncio.ensure_future(read(pool.iterate(block, seconds=5_000)))
    assert await asyncio.to_thread(begun.wait, 10)
    order.clear()
    reading = asyncio.ensure_future(read(ahead))
    await asyncio.sleep(0)
    new = asyncio.ensure_future(read(pool.iterate(write("new"), seconds=5_000, music=float)))
    await asyncio.sleep(0)
    gate.set()
    await asyncio.gather(blocked, reading, new)
    assert order[0] == "new"
    assert order.count("ahead") == 5


@pytest.mark.asyncio
async def test_clients_share_the_thread_however_many_requests_they_have() -> None:
    """Thirty endless requests of one client, one of another: both get half of the time."""
    pool = WorkerPool(1)
    items: Counter[str] = Counter()
    enough = asyncio.Event()

    def work(_: Interrupt) -> Iterator[int]:
        number = 0
        while True:
            until = time.thread_time() + 0.0005
            while time.thread_time() < until:
                number += 1
            yield number

    async def read(account: str) -> None:
        async for _ in pool.iterate(work, seconds=60, account=account):
            items[account] += 1
            if items["modest"] == 100:
                enough.set()

    readers = [asyncio.ensure_future(read(name)) for name in ("greedy",) * 30 + ("modest",)]
    await asyncio.wait_for(enough.wait(), 60)
    for reader in readers:
        reader.cancel()
    await asyncio.gather(*readers, return_exceptions=True)
    pool.close()
    # Each waits for the event loop between two items; a thirtieth would be starvation.
    assert items["greedy"] < 6 * items["modest"]


@pytest.mark.asyncio
async def test_a_client_that_has_nothing_in_hand_gets_a_place(pool: WorkerPool) -> None:
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
async def test_a_request_that_waits_too_long_is_refused_and_leaves_nothing() -> None:
    pool = WorkerPool(1, queue_seconds=0.02)
    gate, begun, started = threading.Event(), threading.Event(), threading.Event()

    def block(_: Interrupt) -> Iterator[int]:
        begun.set()
        gate.wait(10)
        yield 0

    def late(_: Interrupt) -> Iterator[int]:
        started.set()
        yield 0

    blocked = asyncio.ensure_future(pool.iterate(block, seconds=60).__anext__())
    assert await asyncio.to_thread(begun.wait, 10)
    with pytest.raises(OverloadedError) as caught:
        await pool.iterate(late, seconds=60).__anext__()
    assert caught.value.metadata["limit"] == "queue age"
    gate.set()
    assert await blocked == 0, "a step that has begun is waited for, however long it takes"
    assert [item async for item in pool.iterate(_count_to(2), seconds=10)] == [0, 1]
    assert not started.is_set()
    pool.close()


@pytest.mark.asyncio
async def test_closing_lets_what_is_open_clean_up() -> None:
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
    assert await asyncio.to_thread(closed.wait, 10)
