"""A generic client without our code, which uses reflection like grpcurl."""

from __future__ import annotations

from typing import Any

import grpc
import pytest
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.json_format import MessageToDict, ParseDict
from google.protobuf.message_factory import GetMessageClass
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import (
    ProtoReflectionDescriptorDatabase,
)

from tests.contract.live_server import LiveServer

SERVICE = "magenta_bridge.v1.GenerationService"


class Explorer:
    """Calls methods by their names, with JSON for messages.

    Args:
        channel: A channel to a server with reflection.
    """

    def __init__(self, channel: grpc.Channel) -> None:
        self._channel = channel
        self._database = ProtoReflectionDescriptorDatabase(channel)
        # A separate pool, without our generated code.
        self._pool = DescriptorPool(self._database)

    def services(self) -> list[str]:
        """Return the names of all services."""
        return sorted(self._database.get_services())

    def methods(self, service: str) -> dict[str, MethodDescriptor]:
        """Return the methods of a service, by name."""
        return dict(self._pool.FindServiceByName(service).methods_by_name)

    def call(self, service: str, name: str, request: dict[str, Any]) -> list[dict[str, Any]]:
        """Call a method and return its responses.

        Raises:
            grpc.RpcError: The status is not OK.
        """
        method = self.methods(service)[name]
        message = ParseDict(request, GetMessageClass(method.input_type)())
        answer: Any = GetMessageClass(method.output_type)
        kind = self._channel.unary_stream if method.server_streaming else self._channel.unary_unary
        call: Any = kind(f"/{service}/{name}", type(message).SerializeToString, answer.FromString)
        answers = call(message, timeout=30)
        return [
            MessageToDict(found) for found in (answers if method.server_streaming else [answers])
        ]


@pytest.fixture
def explorer(live: LiveServer) -> Explorer:
    """A client of the running server."""
    return Explorer(live.channel)


ORDER = {"generatorId": "scale", "options": {"generateSections": [{"endTime": 4.0}]}, "seed": 7}


def test_the_services_are_found(explorer: Explorer) -> None:
    assert {SERVICE, "grpc.health.v1.Health"} <= set(explorer.services())
    methods = explorer.methods(SERVICE)
    assert set(methods) == {"ListGenerators", "GetGenerator", "Generate", "StreamGenerate"}
    assert methods["StreamGenerate"].server_streaming


def test_every_listed_service_can_be_described(explorer: Explorer) -> None:
    for service in explorer.services():
        assert explorer.methods(service), service


def test_the_generators_are_listed(explorer: Explorer) -> None:
    (answer,) = explorer.call(SERVICE, "ListGenerators", {"pageSize": 3})
    assert [row["id"] for row in answer["generators"]] == ["endless", "faulty", "gated"]
    token = answer["nextPageToken"]
    (answer,) = explorer.call(SERVICE, "ListGenerators", {"pageToken": token})
    assert [row["id"] for row in answer["generators"]] == ["light", "scale"]


def test_music_is_generated_whole_and_streamed(explorer: Explorer) -> None:
    (answer,) = explorer.call(SERVICE, "Generate", ORDER)
    (sequence,) = answer["sequences"]
    assert len(sequence["notes"]) == 8
    pieces = explorer.call(SERVICE, "StreamGenerate", ORDER)
    assert pieces[-1]["last"]
    assert [n for piece in pieces for n in piece["chunk"].get("notes", [])] == sequence["notes"]


def test_errors_are_the_same_as_for_any_client(explorer: Explorer) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        explorer.call(SERVICE, "Generate", {**ORDER, "generatorId": "missing"})
    failure: Any = caught.value
    assert failure.code() is grpc.StatusCode.NOT_FOUND
