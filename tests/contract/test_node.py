"""The contract in a second language: Node with grpc-js and the descriptors in protos/."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from google.protobuf.json_format import ParseDict

from magenta_bridge.noteseq import NoteSequence
from magenta_bridge.v1 import generation_pb2 as pb
from magenta_bridge.v1.generation_pb2_grpc import GenerationServiceStub
from tests.contract.live_server import LiveServer
from tests.contract.node_client import run_node
from tests.contract.rpc_cases import options


@pytest.fixture
def full() -> Iterator[LiveServer]:
    """A server with one slot, and a timeout of 0.2 s for calls without a deadline."""
    server = LiveServer(seconds=0.2, threads=1, waiting=0)
    yield server
    server.close()


def _sequence(row: dict[str, Any]) -> NoteSequence:
    # Node adds default values, which proto3 cannot distinguish from values that were sent.
    return ParseDict(row, NoteSequence(), ignore_unknown_fields=True)


def test_node_lists_the_generators(live: LiveServer) -> None:
    answer = run_node(live.address, "list")
    rows = {row["id"]: row for row in answer["generators"]}
    assert list(rows) == ["endless", "faulty", "gated", "light", "scale"]
    assert rows["scale"]["capabilities"] == ["CAPABILITY_GENERATE", "CAPABILITY_CONTINUE"]
    temperature = rows["scale"]["arguments"][1]
    assert (temperature["type"], temperature["minimum"]) == ("ARGUMENT_TYPE_FLOAT", 0.1)
    assert temperature["default_value"]["float_value"] == 1.0


def test_node_gets_the_same_music(live: LiveServer) -> None:
    """The same notes as the Python client for the same seed."""
    request = pb.GenerateRequest(generator_id="scale", options=options(), seed=7, variations=2)
    expected = GenerationServiceStub(live.channel).Generate(request, timeout=30)
    answer = run_node(live.address, "generate")
    assert answer["seed"] == 7
    assert [_sequence(row).notes for row in answer["sequences"]] == [
        sequence.notes for sequence in expected.sequences
    ]


def test_node_receives_a_stream(live: LiveServer) -> None:
    request = pb.StreamGenerateRequest(generator_id="scale", options=options(), seed=7)
    expected = list(GenerationServiceStub(live.channel).StreamGenerate(request, timeout=30))
    answer = run_node(live.address, "stream")
    assert answer["code"] == "OK"
    assert [(piece["complete_until"], piece["last"]) for piece in answer["pieces"]] == [
        (piece.complete_until, piece.last) for piece in expected
    ]
    assert [_sequence(piece["chunk"]).notes for piece in answer["pieces"]] == [
        piece.chunk.notes for piece in expected
    ]


def test_node_cancels_a_stream(live: LiveServer) -> None:
    """The generator stops."""
    answer = run_node(live.address, "cancel")
    assert answer["code"] == "CANCELLED"
    assert answer["pieces"]
    assert live.endless.ended.wait(10)
    live.wait_until_free()


def test_node_reads_which_field_is_wrong(live: LiveServer) -> None:
    answer = run_node(live.address, "bad")
    assert answer["code"] == "INVALID_ARGUMENT"
    info, bad = answer["details"]["ErrorInfo"], answer["details"]["BadRequest"]
    assert (info["reason"], info["domain"]) == ("INVALID_ARGUMENT", "magenta-bridge")
    assert info["metadata"]["field"] == "options.args[temperature]"
    (violation,) = bad["field_violations"]
    assert violation["field"] == "options.args[temperature]"
    assert violation["description"] == answer["message"]


def test_node_reads_what_is_missing(live: LiveServer) -> None:
    answer = run_node(live.address, "missing")
    assert answer["code"] == "NOT_FOUND"
    assert answer["details"]["ErrorInfo"]["metadata"]["generator_id"] == "missing"


def test_node_reads_the_incident_of_a_bug(live: LiveServer) -> None:
    answer = run_node(live.address, "bug")
    assert answer["code"] == "INTERNAL"
    assert answer["details"]["ErrorInfo"]["metadata"]["incident"] in answer["message"]


def test_node_reads_the_retry_delay(full: LiveServer) -> None:
    answer = run_node(full.address, "overload")
    assert answer["code"] == "RESOURCE_EXHAUSTED"
    assert answer["details"]["ErrorInfo"]["reason"] == "OVERLOADED"
    assert answer["details"]["RetryInfo"]["retry_delay"] == {"seconds": 0, "nanos": 250_000_000}


def test_node_receives_a_deadline_error(full: LiveServer) -> None:
    """Without details from its own clock, with details from the server's."""
    assert run_node(full.address, "deadline")["code"] == "DEADLINE_EXCEEDED"
    full.wait_until_free()
    answer = run_node(full.address, "patience")
    assert answer["code"] == "DEADLINE_EXCEEDED"
    assert answer["details"]["ErrorInfo"]["reason"] == "DEADLINE_EXCEEDED"


def test_node_sees_the_health(live: LiveServer) -> None:
    assert run_node(live.address, "health") == {"status": "SERVING"}
