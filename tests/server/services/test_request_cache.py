"""Requests that come twice are worked on once, in memory that has an end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from magenta_bridge.errors import InvalidArgumentError, OverloadedError
from magenta_bridge.server.rpc.call import Call
from magenta_bridge.server.services.request_cache import Repeats
from magenta_bridge.v1 import generation_pb2 as pb


class _Worker:
    """Counts what it makes; a gate holds it up."""

    def __init__(self) -> None:
        self.made = 0
        self.gate = asyncio.Event()
        self.gate.set()

    def job(self, size: int = 0) -> Callable[[], Awaitable[pb.GenerateResponse]]:
        """Returns work whose answer tells the number of the attempt."""

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
    """A clock that a test moves."""

    time = 0.0

    def __call__(self) -> float:
        return self.time


def _call(request_id: str, caller: str = "me", method: str = "Generate") -> Call:
    return Call(method, 0.0, caller=caller, request_id=request_id)


def _request(generator_id: str = "scale") -> pb.GenerateRequest:
    return pb.GenerateRequest(generator_id=generator_id)


@pytest.mark.asyncio
async def test_a_repetition_gets_the_first_answer() -> None:
    repeats, worker = Repeats[pb.GenerateResponse](), _Worker()
    first = await repeats.answer(_call("a"), _request(), worker.job())
    assert await repeats.answer(_call("a"), _request(), worker.job()) == first
    assert worker.made == 1


@pytest.mark.asyncio
async def test_without_an_id_or_with_another_or_of_another_caller_it_is_new() -> None:
    repeats, worker = Repeats[pb.GenerateResponse](), _Worker()
    calls = (_call(""), _call(""), _call("a"), _call("b"), _call("a", "you"), _call("a", "me", "M"))
    for call in calls:
        await repeats.answer(call, _request(), worker.job())
    assert worker.made == len(calls)


@pytest.mark.asyncio
async def test_a_repetition_waits_for_the_one_in_work() -> None:
    repeats, worker = Repeats[pb.GenerateResponse](), _Worker()
    worker.gate.clear()
    asked = [
        asyncio.ensure_future(repeats.answer(_call("a"), _request(), worker.job()))
        for _ in range(3)
    ]
    await asyncio.sleep(0)
    with pytest.raises(InvalidArgumentError):
        await repeats.answer(_call("a"), _request("other"), worker.job())
    worker.gate.set()
    answers = await asyncio.wait_for(asyncio.gather(*asked), 10)
    assert [answer.seed for answer in answers] == [1, 1, 1]


@pytest.mark.asyncio
async def test_an_id_that_stands_for_another_request_is_refused() -> None:
    repeats, worker = Repeats[pb.GenerateResponse](), _Worker()
    await repeats.answer(_call("a"), _request(), worker.job())
    with pytest.raises(InvalidArgumentError) as caught:
        await repeats.answer(_call("a"), _request("other"), worker.job())
    assert caught.value.field == "request_id"


@pytest.mark.asyncio
async def test_where_the_first_is_taken_back_the_second_does_the_work() -> None:
    repeats, worker = Repeats[pb.GenerateResponse](), _Worker()
    worker.gate.clear()
    first, second = (
        asyncio.ensure_future(repeats.answer(_call("a"), _request(), worker.job()))
        for _ in range(2)
    )
    await asyncio.sleep(0)
    first.cancel()
    worker.gate.set()
    assert (await asyncio.wait_for(second, 10)).seed == 2
    assert first.cancelled()


@pytest.mark.asyncio
async def test_failures_are_not_repeated() -> None:
    repeats, worker = Repeats[pb.GenerateResponse](), _Worker()

    async def fail() -> pb.GenerateResponse:
        raise OverloadedError("Not now.")

    with pytest.raises(OverloadedError):
        await repeats.answer(_call("a"), _request(), fail)
    assert (await repeats.answer(_call("a"), _request("other"), worker.job())).seed == 1


@pytest.mark.asyncio
async def test_answers_are_forgotten_after_their_time() -> None:
    clock = _Clock()
    repeats, worker = Repeats[pb.GenerateResponse](seconds=600, now=clock), _Worker()
    for clock.time, made in ((0.0, 1), (599.0, 1), (601.0, 2)):
        await repeats.answer(_call("a"), _request(), worker.job())
        assert worker.made == made


@pytest.mark.asyncio
async def test_the_oldest_answers_make_room() -> None:
    by_count = Repeats[pb.GenerateResponse](answers=10)
    by_size = Repeats[pb.GenerateResponse](size=10_500)
    worker = _Worker()
    for number in range(100):
        for repeats in (by_count, by_size):
            await repeats.answer(_call(str(number)), _request(), worker.job(size=1_000))
    assert (len(by_count), len(by_size)) == (10, 10)
    made = worker.made
    await by_size.answer(_call("99"), _request(), worker.job())
    assert worker.made == made
    await by_size.answer(_call("1"), _request(), worker.job(size=20_000))
    assert len(by_size) == 10, "an answer larger than all room together is not kept"
