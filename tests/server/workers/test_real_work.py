"""The worker pool with a trained generator: a thread is free within one chunk."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator

import pytest

from magenta_bridge.errors import DeadlineError
from magenta_bridge.generators.generate_request import (
    GenerateRequestPlan,
    VariationChunk,
    read_request,
)
from magenta_bridge.server.workers.pool import WorkerPool
from magenta_bridge.v1 import generation_pb2 as pb
from tests.generators.section_checks import options, registry


@pytest.fixture
def pool() -> Iterator[WorkerPool]:
    """One thread."""
    made = WorkerPool(1)
    yield made
    made.close()


def _plan(seconds: float) -> GenerateRequestPlan:
    request = pb.GenerateRequest(
        generator_id="lstm_melody", options=options(0.0, seconds), seed=1, variations=16
    )
    return read_request(registry(), request)


class _Counted:
    """A request that counts its chunks, and records that it was closed."""

    def __init__(self, plan: GenerateRequestPlan) -> None:
        self._plan = plan
        self.chunks = 0
        self.closed = False

    def run(self, interrupt: Callable[[], None]) -> Iterator[VariationChunk]:
        """Run the request."""
        try:
            for chunk in self._plan.run(interrupt):
                self.chunks += 1
                yield chunk
        finally:
            self.closed = True


@pytest.mark.asyncio
async def test_a_canceled_request_frees_its_thread_within_a_chunk(pool: WorkerPool) -> None:
    long = _Counted(_plan(1_000.0))
    seen = asyncio.Event()

    async def read() -> None:
        async for _ in pool.iterate(long.run, seconds=600, account="long"):
            if long.chunks > 3:
                seen.set()

    reading = asyncio.ensure_future(read())
    await asyncio.wait_for(seen.wait(), 60)
    reading.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await reading
    before = long.chunks
    # The running step and the cleanup come before the first chunk of this request.
    probe = pool.iterate(_plan(2.0).run, seconds=600, account="probe")
    await probe.__anext__()
    await probe.aclose()
    assert long.closed
    assert long.chunks <= before + 1
    assert pool.open == 0


@pytest.mark.asyncio
async def test_a_deadline_frees_its_thread_within_a_chunk(pool: WorkerPool) -> None:
    long = _Counted(_plan(1_000.0))
    with pytest.raises(DeadlineError):
        async for _ in pool.iterate(long.run, seconds=1.0):
            pass
    before = long.chunks
    assert [chunk async for chunk in pool.iterate(_plan(2.0).run, seconds=600)]
    assert long.closed
    assert long.chunks == before


@pytest.mark.asyncio
async def test_a_bar_overtakes_a_long_request(
    pool: WorkerPool,
) -> None:
    """A new bar waits for only one or two chunks of a long request."""
    long, bar = _Counted(_plan(1_000.0)), _Counted(_plan(2.0))

    async def write(work: _Counted, plan: GenerateRequestPlan) -> None:
        async for _ in pool.iterate(work.run, seconds=600, account="one", music=plan.music):
            pass

    plan = _plan(1_000.0)
    writing = asyncio.ensure_future(write(long, plan))
    while long.chunks < 5:
        await asyncio.sleep(0)
    before = long.chunks
    await write(bar, _plan(2.0))
    assert bar.chunks == 32
    # The long request only runs while the bar's next step is in transit.
    assert long.chunks - before <= bar.chunks + 2
    writing.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await writing
