"""Each error class reaches both clients unchanged; unexpected errors reach them as incidents."""

from __future__ import annotations

import logging
from typing import Any

import grpc
import pytest

from magenta_bridge.client import AsyncClient, Client
from magenta_bridge.errors import InternalError, MagentaBridgeError, error_classes
from magenta_bridge.v1 import generation_pb2 as pb
from tests.contract.answers import read_failure
from tests.contract.fake_generator import LEAK
from tests.contract.live_server import LiveServer
from tests.contract.rpc_cases import CASES, options

OWN_ERRORS = sorted(
    (cls for cls in error_classes().values() if cls is not MagentaBridgeError),
    key=lambda cls: cls.__name__,
)
GENERATE = next(case for case in CASES if case.method.endswith("/Generate"))
FAULTY = pb.GenerateRequest(generator_id="faulty", options=options()).SerializeToString()


@pytest.mark.parametrize("cls", OWN_ERRORS, ids=lambda cls: cls.__name__)
def test_an_error_survives_the_wire(live: LiveServer, cls: type[MagentaBridgeError]) -> None:
    """Both clients raise the server's class, message, field and metadata."""
    client = Client(live.address, timeout=30, retry=False)
    made = cls("Pitch 300 is out of \u266d range.", field="primer", metadata={"maximum": "127"})
    live.faulty.make_error = lambda: made

    async def call() -> None:
        async with AsyncClient(live.address, timeout=30, retry=False) as bridge:
            await bridge.generate("faulty")

    for attempt in (lambda: client.generate("faulty"), lambda: live.run(call())):
        with pytest.raises(MagentaBridgeError) as caught:
            attempt()
        assert type(caught.value) is cls
        assert caught.value.message == made.message
        assert (caught.value.field, caught.value.metadata) == (made.field, made.metadata)
    client.close()
    with pytest.raises(grpc.RpcError) as raw:
        GENERATE.call(live.channel, FAULTY)
    failure = read_failure(raw.value)
    assert (failure.code, failure.info.reason) == (cls.code, cls.reason)


def test_a_bug_becomes_an_incident_and_leaks_nothing(
    live: LiveServer, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    """The caller gets an id; the log has the same id and the traceback."""
    with caplog.at_level(logging.ERROR), pytest.raises(InternalError) as caught:
        client.generate("faulty")
    incident = caught.value.metadata["incident"]
    assert incident in caught.value.message
    assert LEAK not in caught.value.message
    assert incident in caplog.text
    assert LEAK in caplog.text
    with pytest.raises(InternalError):
        list(client.stream("faulty"))
    live.wait_until_free()


@pytest.mark.parametrize("length", [900, 5_000, 200_000])
def test_long_texts_of_a_caller_are_truncated(live: LiveServer, length: int) -> None:
    """An error that contains text of the request fits into the headers of a response."""
    request = pb.GenerateRequest(generator_id="\u266d" * length, options=options())
    with pytest.raises(grpc.RpcError) as caught:
        GENERATE.call(live.channel, request.SerializeToString())
    assert read_failure(caught.value).code == "NOT_FOUND"
    many = options()
    many.args["x" * length].int_value = 1
    request = pb.GenerateRequest(generator_id="scale", options=many)
    with pytest.raises(grpc.RpcError) as caught:
        GENERATE.call(live.channel, request.SerializeToString())
    assert read_failure(caught.value).code == "INVALID_ARGUMENT"


def test_a_response_beyond_the_limit_is_our_own_error(live: LiveServer) -> None:
    """Without our check, gRPC would report that the stream was removed."""
    request = pb.GenerateRequest(generator_id="endless", options=options())
    with pytest.raises(grpc.RpcError) as caught:
        GENERATE.call(live.channel, request.SerializeToString())
    failure = read_failure(caught.value)
    assert failure.info.reason == "LIMIT_EXCEEDED"
    assert failure.fields == ("variations",)
    assert live.endless.ended.wait(10)


def test_an_unknown_method_is_unsupported(live: LiveServer) -> None:
    call: Any = live.channel.unary_unary("/magenta_bridge.v1.GenerationService/Compose")
    with pytest.raises(grpc.RpcError) as caught:
        call(b"", timeout=10)
    answer: Any = caught.value
    assert answer.code() is grpc.StatusCode.UNIMPLEMENTED
