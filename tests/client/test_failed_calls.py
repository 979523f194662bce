"""Statuses of other servers become our errors, too."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent import futures
from typing import Any

import grpc
import pytest
from google.protobuf.any_pb2 import Any as Packed
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status

from magenta_bridge.client import Client
from magenta_bridge.errors import (
    CancelledError,
    DeadlineError,
    InternalError,
    InvalidArgumentError,
    LimitExceededError,
    MagentaBridgeError,
    ServerUnavailableError,
    UnsupportedError,
)
from magenta_bridge.v1 import generation_pb2_grpc


class StrangeServer(generation_pb2_grpc.GenerationServiceServicer):
    """Ends every call with a status that the test chooses."""

    def __init__(self) -> None:
        self.status = status_pb2.Status()
        self.bare = True

    def GetGenerator(self, request: object, context: Any) -> Any:  # noqa: ANN401, ARG002, N802
        """Fail with the chosen status."""
        if self.bare:
            code = next(code for code in grpc.StatusCode if code.value[0] == self.status.code)
            context.abort(code, self.status.message)
        context.abort_with_status(rpc_status.to_status(self.status))


@pytest.fixture
def strange() -> Iterator[tuple[StrangeServer, Client]]:
    servicer = StrangeServer()  # type: ignore[abstract]
    server = grpc.server(futures.ThreadPoolExecutor(1))
    generation_pb2_grpc.add_GenerationServiceServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    with Client(f"127.0.0.1:{port}", timeout=10) as client:
        yield servicer, client
    server.stop(0).wait()


@pytest.mark.parametrize("code", [code for code in grpc.StatusCode if code.name != "OK"])
def test_every_code_without_details_has_its_error(
    strange: tuple[StrangeServer, Client], code: grpc.StatusCode
) -> None:
    servicer, client = strange
    servicer.status = status_pb2.Status(code=code.value[0], message="a secret: KeyError")
    expected: dict[str, type[MagentaBridgeError]] = {
        "UNAVAILABLE": ServerUnavailableError,
        "DEADLINE_EXCEEDED": DeadlineError,
        "CANCELLED": CancelledError,
        "RESOURCE_EXHAUSTED": LimitExceededError,
        "UNIMPLEMENTED": UnsupportedError,
    }
    with pytest.raises(MagentaBridgeError) as caught:
        client.generator("x")
    assert type(caught.value) is expected.get(code.name, InternalError)
    assert "secret" not in caught.value.message


@pytest.mark.parametrize(
    ("domain", "expected"),
    [("magenta-bridge", InvalidArgumentError), ("example.com", InternalError)],
)
def test_a_reason_of_a_newer_server_falls_back_to_its_code(
    strange: tuple[StrangeServer, Client], domain: str, expected: type[MagentaBridgeError]
) -> None:
    servicer, client = strange
    packed = Packed()
    packed.Pack(error_details_pb2.ErrorInfo(reason="BRAND_NEW", domain=domain))
    servicer.bare = False
    servicer.status = status_pb2.Status(
        code=grpc.StatusCode.INVALID_ARGUMENT.value[0], message="New rule.", details=[packed]
    )
    with pytest.raises(MagentaBridgeError) as caught:
        client.generator("x")
    assert type(caught.value) is expected
