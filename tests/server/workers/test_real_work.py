"""The worker pool with a trained generator: a core is free within a chunk."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator

import pytest

from magenta_bridge.errors import DeadlineError
from magenta_bridge.server.services.generate_request import GenerateRequestPlan, Piece, read_order
from magenta_bridge.server.workers.pool import WorkerPool
from magenta_bridge.v1 import generation_pb2 as pb
from tests.generators.section_checks import options, registry


@pytest.fixture
def pool() -> Iterator[WorkerPool]:
    """One thread."""
    made = WorkerPool(1)
    yield made
    made.close()


def _order(seconds: float) -> GenerateRequestPlan:
    request = pb.GenerateRequest(
        generator_id="lstm_melody", options=options(0.0, seconds), seed=1, variations=16
    )
    return read_order(registry(), request)


class _Counted:
    """An order that counts its pieces, and whether it was closed."""

    def __init__(self, order: GenerateRequestPlan) -> None:
        self._order = order
        self.pieces = 0
        self.closed = False

    def run(self, interrupt: Callable[[], None]) -> Iterator[Piece]:
        """Does the work."""
        try:
            for piece in self._order.run(interrupt):
                self.pieces += 1
                yield piece
        finally:
            self.closed = True


@pytest.mark.asyncio
async def test_a_canceled_request_frees_its_core_within_a_chunk(pool: WorkerPool) -> None:
    long = _Counted(_order(1_000.0))
    seen = asyncio.Event()

    async def read() -> None:
        async for _ in pool.iterate(long.run, seconds=600, account="long"):
            if long.pieces > 3:
                seen.set()

    reading = asyncio.ensure_future(read())
    await asyncio.wait_for(seen.wait(), 60)
    reading.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await reading
    before = long.pieces
    # Whatever was in hand comes before this one's first piece, and what cleans up does too.
    probe = pool.iterate(_order(2.0).run, seconds=600, account="probe")
    await probe.__anext__()
    await probe.aclose()
    assert long.closed
    assert long.pieces <= before + 1
    assert pool.open == 0


@pytest.mark.asyncio
async def test_a_deadline_frees_its_core_within_a_chunk(pool: WorkerPool) -> None:
    long = _Counted(_order(1_000.0))
    with pytest.raises(DeadlineError):
        async for _ in pool.iterate(long.run, seconds=0.2):
            pass
    before = long.pieces
    assert [piece async for piece in pool.iterate(_order(2.0).run, seconds=600)]
    assert long.closed
    assert long.pieces == before


@pytest.mark.asyncio
async def test_a_live_bar_is_through_before_a_long_piece_has_made_much_more(
    pool: WorkerPool,
) -> None:
    """One bar asked for in the middle of hours of music waits for a chunk or two of it."""
    long, bar = _Counted(_order(1_000.0)), _Counted(_order(2.0))

    async def write(work: _Counted, order: GenerateRequestPlan) -> None:
        async for _ in pool.iterate(work.run, seconds=600, account="one", music=order.music):
            pass

    order = _order(1_000.0)
    writing = asyncio.ensure_future(write(long, order))
    while long.pieces < 5:
        await asyncio.sleep(0)
    before = long.pieces
    await write(bar, _order(2.0))
    assert bar.pieces == 32
    # The rest ran while the bar's next step was on its way to the thread.
    assert long.pieces - before <= bar.pieces + 2
    writing.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await writing
