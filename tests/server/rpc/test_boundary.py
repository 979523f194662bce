"""The boundary: gates run in order, and observers see every call."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from google.rpc import code_pb2

from magenta_bridge.errors import OverloadedError
from magenta_bridge.server.rpc.boundary import Boundary, CallError
from magenta_bridge.server.rpc.call import Call


class _Namer:
    def admit(self, call: Call) -> Call:
        return replace(call, caller=call.caller + "!")


class _Closed:
    def admit(self, call: Call) -> Call:
        raise OverloadedError(f"{call.caller} is refused.")


class _Listener:
    def __init__(self) -> None:
        self.received: list[tuple[str, ...]] = []

    def began(self, call: Call) -> None:
        self.received.append(("began", call.caller))

    def ended(self, call: Call, code: str, reason: str, seconds: float) -> None:
        assert seconds >= 0.0
        self.received.append(("ended", call.caller, code, reason))


def _call(boundary: Boundary) -> Call:
    return Call("/magenta_bridge.v1.S/M", boundary.deadline(None), caller="me")


@pytest.mark.asyncio
async def test_a_call_passes_the_gates_in_order() -> None:
    listener = _Listener()
    boundary = Boundary(gates=[_Namer(), _Namer()], observers=[listener])
    async with boundary.enter(_call(boundary)) as known:
        assert known.caller == "me!!"
    assert listener.received == [("began", "me"), ("ended", "me!!", "OK", "")]


@pytest.mark.asyncio
async def test_a_gate_rejects_before_any_work() -> None:
    listener = _Listener()
    boundary = Boundary(gates=[_Namer(), _Closed(), _Namer()], observers=[listener])
    with pytest.raises(CallError) as caught:
        async with boundary.enter(_call(boundary)):
            pytest.fail("the call was let in")
    assert caught.value.status.code == code_pb2.RESOURCE_EXHAUSTED
    assert caught.value.status.message == "me! is refused."
    assert listener.received[1:] == [("ended", "me!", "RESOURCE_EXHAUSTED", "OVERLOADED")]


@pytest.mark.asyncio
async def test_a_bug_is_reported_as_an_incident() -> None:
    listener = _Listener()
    boundary = Boundary(observers=[listener])
    with pytest.raises(CallError) as caught:
        async with boundary.enter(_call(boundary)):
            raise KeyError("secret")
    assert "secret" not in str(caught.value.status)
    assert listener.received[1:] == [("ended", "me", "INTERNAL", "INTERNAL")]


@pytest.mark.asyncio
async def test_a_canceled_call_is_counted_and_the_boundary_is_idle_again() -> None:
    listener = _Listener()
    boundary = Boundary(observers=[listener])

    async def wait() -> None:
        async with boundary.enter(_call(boundary)):
            await asyncio.Event().wait()

    waiting = asyncio.ensure_future(wait())
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await asyncio.wait_for(boundary.wait_idle(), 10)
    assert listener.received[1:] == [("ended", "me", "CANCELLED", "")]


@pytest.mark.asyncio
async def test_a_call_beyond_its_deadline_gets_an_error() -> None:
    boundary = Boundary(0.01)
    call = _call(boundary)
    with pytest.raises(CallError) as caught:
        async with boundary.enter(call):
            await asyncio.wait_for(asyncio.Event().wait(), call.time_remaining())
    assert caught.value.status.code == code_pb2.DEADLINE_EXCEEDED


@pytest.mark.asyncio
async def test_a_cancellation_at_the_deadline_counts_as_exceeded() -> None:
    """A client's deadline passes a little before the server's."""
    listener = _Listener()
    boundary = Boundary(0.001, observers=[listener])
    with pytest.raises(asyncio.CancelledError):
        async with boundary.enter(_call(boundary)):
            raise asyncio.CancelledError
    assert listener.received[1:] == [("ended", "me", "DEADLINE_EXCEEDED", "DEADLINE_EXCEEDED")]


@pytest.mark.asyncio
async def test_a_draining_boundary_rejects_calls() -> None:
    boundary = Boundary()
    assert not boundary.draining
    boundary.drain()
    assert boundary.draining
    with pytest.raises(CallError):
        async with boundary.enter(_call(boundary)):
            pytest.fail("the call was let in")
