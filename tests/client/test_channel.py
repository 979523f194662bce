"""The options of a connection."""

from __future__ import annotations

import json

import pytest

from magenta_bridge.client.channel import channel_options
from magenta_bridge.errors import InvalidArgumentError
from magenta_bridge.v1 import generation_pb2, model_pb2


@pytest.mark.parametrize("address", ["", "localhost", "localhost:", "h:0", "h:x", ":5", "h:70000"])
def test_an_invalid_address_is_refused(address: str) -> None:
    with pytest.raises(InvalidArgumentError, match="HOST:PORT"):
        channel_options(address)


@pytest.mark.parametrize(
    ("address", "direct"),
    [("127.0.0.1:1", True), ("localhost:1", True), ("[::1]:1", True), ("example.com:1", False)],
)
def test_loopback_uses_no_proxy(address: str, direct: bool) -> None:
    assert (("grpc.enable_http_proxy", 0) in channel_options(address)) is direct


def test_a_server_that_hangs_is_detected_by_pings() -> None:
    """The keepalive timeout of gRPC does not end a connection; that of the ping does."""
    options = dict(channel_options("127.0.0.1:1", keepalive=4.0))
    assert options["grpc.keepalive_time_ms"] == 4_000
    assert options["grpc.keepalive_timeout_ms"] == 2_000
    assert options["grpc.http2.ping_timeout_ms"] == 2_000


@pytest.mark.parametrize("seconds", [0.0, 0.5, 4_000.0, float("nan")])
def test_a_keepalive_out_of_range_is_refused(seconds: float) -> None:
    with pytest.raises(InvalidArgumentError, match="keepalive"):
        channel_options("127.0.0.1:1", keepalive=seconds)


def test_only_idempotent_unary_calls_are_retried() -> None:
    """Unloading twice is an error; a stream is retried only if it was dropped at its start."""
    text = dict(channel_options("127.0.0.1:1"))["grpc.service_config"]
    rule, streams = json.loads(str(text))["methodConfig"]
    services = (
        generation_pb2.DESCRIPTOR.services_by_name["GenerationService"],
        model_pb2.DESCRIPTOR.services_by_name["ModelService"],
    )
    assert {(name["service"], name["method"]) for name in rule["name"]} == {
        (service.full_name, method.name)
        for service in services
        for method in service.methods
        if not method.server_streaming and method.name != "UnloadGenerator"
    }
    assert rule["retryPolicy"]["retryableStatusCodes"] == ["UNAVAILABLE", "CANCELLED"]
    assert [name["method"] for name in streams["name"]] == ["StreamGenerate"]
    assert streams["retryPolicy"]["retryableStatusCodes"] == ["CANCELLED"]
