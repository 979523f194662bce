"""Every response contains the request id of the log: the caller's, or the server's."""

from __future__ import annotations

import re
import urllib.parse
from collections.abc import Callable
from typing import Any

import grpc
import pytest

from magenta_bridge.v1 import generation_pb2 as pb
from magenta_bridge.v1.generation_pb2_grpc import GenerationServiceStub
from tests.contract.answers import read_failure
from tests.contract.live_server import LiveServer
from tests.contract.rpc_cases import options

Send = Callable[..., Any]
HEADER = "x-request-id"


def _unary(live: LiveServer, **fields: Any) -> grpc.Call:  # noqa: ANN401
    request = pb.GenerateRequest(options=options(), **fields)
    call = GenerationServiceStub(live.channel).Generate.future(request, timeout=30)
    call.exception()
    return call


def _stream(live: LiveServer, **fields: Any) -> grpc.Call:  # noqa: ANN401
    request = pb.StreamGenerateRequest(options=options(), **fields)
    call = GenerationServiceStub(live.channel).StreamGenerate(request, timeout=30)
    try:
        list(call)
    except grpc.RpcError:
        return call
    return call


def _name(call: grpc.Call) -> str:
    (found,) = [value for key, value in call.trailing_metadata() if key == HEADER]
    return str(found)


@pytest.mark.parametrize("send", [_unary, _stream])
@pytest.mark.parametrize("generator", ["scale", "missing", "faulty"])
def test_a_response_contains_the_request_id(live: LiveServer, send: Send, generator: str) -> None:
    call = send(live, generator_id=generator, request_id="take 7")
    assert _name(call) == urllib.parse.quote("take 7")
    ours = [_name(send(live, generator_id=generator)) for _ in range(2)]
    assert all(re.fullmatch("[0-9a-f]{16}", name) for name in ours)
    assert ours[0] != ours[1]
    if generator != "scale":
        assert read_failure(call).message


@pytest.mark.parametrize("name", ["\u266d\n", "x" * 5_000, "a\x00b", " lead", "100%"])
def test_any_text_fits_in_the_header(live: LiveServer, name: str) -> None:
    found = urllib.parse.unquote(_name(_unary(live, generator_id="scale", request_id=name)))
    assert found == name[:64]


def test_a_header_sets_the_id_of_a_request_without_the_field(live: LiveServer) -> None:
    stub = GenerationServiceStub(live.channel)
    metadata = ((HEADER, "from a proxy"),)
    _, call = stub.ListGenerators.with_call(pb.ListGeneratorsRequest(), metadata=metadata)
    assert urllib.parse.unquote(_name(call)) == "from a proxy"
