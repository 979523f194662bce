"""Repeated requests are processed once, with a bounded cache."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from magenta_bridge.errors import InvalidArgumentError, OverloadedError
from magenta_bridge.server.rpc.call import Call
from magenta_bridge.server.services.request_cache import RequestCache
from magenta_bridge.v1 import generation_pb2 as pb


class _Worker:
    """Counts its runs; a gate delays it."""

    def __init__(self) -> None:
        self.made = 0
        self.gate = asyncio.Event()
        self.gate.set()

    def job(self, size: int = 0) -> Callable[[], Awaitable[pb.GenerateResponse]]:
        """Return work whose response contains the number of the run."""

        async def work() -> pb.GenerateResponse:
            self.made += 1
            number = self.made
            await self.gate.wait()
            answer = pb.GenerateResponse(seed=number)
            if size:
                answer.sequences.add(collection_name="x" * size)
            return answer

        return work


class _Clock:
    """A simulated clock."""

    time = 0.0

    def __call__(self) -> float:
        return self.time


def _call(request_id: str, caller: str = "me", method: str = "Generate") -> Call:
    return Call(method, 0.0, caller=caller, request_id=request_id)


def _request(generator_id: str = "scale") -> pb.GenerateRequest:
    return pb.GenerateRequest(generator_id=generator_id)


@pytest.mark.asyncio
async def test_a_repeated_request_gets_the_first_response() -> None:
    cache, worker = RequestCache[pb.GenerateResponse](), _Worker()
    first = await cache.get(_call("a"), _request(), worker.job())
    assert await cache.get(_call("a"), _request(), worker.job()) == first
    assert worker.made == 1


@pytest.mark.asyncio
async def test_another_id_caller_or_method_is_a_new_request() -> None:
    cache, worker = RequestCache[pb.GenerateResponse](), _Worker()
    calls = (_call(""), _call(""), _call("a"), _call("b"), _call("a", "you"), _call("a", "me", "M"))
    for call in calls:
        await cache.get(call, _request(), worker.job())
    assert worker.made == len(calls)


@pytest.mark.asyncio
async def test_a_repeated_request_waits_for_the_one_in_flight() -> None:
    cache, worker = RequestCache[pb.GenerateResponse](), _Worker()
    worker.gate.clear()
    requested = [
        asyncio.ensure_future(cache.get(_call("a"), _request(), worker.job())) for _ in range(3)
    ]
    await asyncio.sleep(0)
    with pytest.raises(InvalidArgumentError):
        await cache.get(_call("a"), _request("other"), worker.job())
    worker.gate.set()
    answers = await asyncio.wait_for(asyncio.gather(*requested), 10)
    assert [answer.seed for answer in answers] == [1, 1, 1]


@pytest.mark.asyncio
async def test_an_id_of_another_request_is_an_error() -> None:
    cache, worker = RequestCache[pb.GenerateResponse](), _Worker()
    await cache.get(_call("a"), _request(), worker.job())
    with pytest.raises(InvalidArgumentError) as caught:
        await cache.get(_call("a"), _request("other"), worker.job())
    assert caught.value.field == "request_id"


@pytest.mark.asyncio
async def test_if_the_first_request_is_canceled_the_second_does_the_work() -> None:
    cache, worker = RequestCache[pb.GenerateResponse](), _Worker()
    worker.gate.clear()
    first, second = (
        asyncio.ensure_future(cache.get(_call("a"), _request(), worker.job())) for _ in range(2)
    )
    await asyncio.sleep(0)
    first.cancel()
    worker.gate.set()
    assert (await asyncio.wait_for(second, 10)).seed == 2
    assert first.cancelled()


@pytest.mark.asyncio
async def test_errors_are_not_cached() -> None:
    cache, worker = RequestCache[pb.GenerateResponse](), _Worker()

    async def fail() -> pb.GenerateResponse:
        raise OverloadedError("Not now.")

    with pytest.raises(OverloadedError):
        await cache.get(_call("a"), _request(), fail)
    assert (await cache.get(_call("a"), _request("other"), worker.job())).seed == 1


@pytest.mark.asyncio
async def test_responses_expire() -> None:
    clock = _Clock()
    cache, worker = RequestCache[pb.GenerateResponse](seconds=600, now=clock), _Worker()
    for clock.time, made in ((0.0, 1), (599.0, 1), (601.0, 2)):
        await cache.get(_call("a"), _request(), worker.job())
        assert worker.made == made


@pytest.mark.asyncio
async def test_the_oldest_responses_are_evicted() -> None:
    by_count = RequestCache[pb.GenerateResponse](answers=10)
    by_size = RequestCache[pb.GenerateResponse](size=10_500)
    worker = _Worker()
    for number in range(100):
        for cache in (by_count, by_size):
            await cache.get(_call(str(number)), _request(), worker.job(size=1_000))
    assert (len(by_count), len(by_size)) == (10, 10)
    made = worker.made
    await by_size.get(_call("99"), _request(), worker.job())
    assert worker.made == made
    await by_size.get(_call("1"), _request(), worker.job(size=20_000))
    assert len(by_size) == 10, "an answer larger than all room together is not kept"
