"""Endpoints: parsing, loopback detection, and checks before gRPC opens the port."""

from __future__ import annotations

import socket

import pytest

from magenta_bridge.errors import InvalidArgumentError, UnsupportedError
from magenta_bridge.server.security.endpoint import Endpoint, check_free, read_endpoint


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("127.0.0.1:50051", Endpoint("127.0.0.1", 50_051)),
        ("127.8.9.10:0", Endpoint("127.8.9.10", 0)),
        ("localhost:1", Endpoint("localhost", 1)),
        ("[::1]:65535", Endpoint("::1", 65_535)),
    ],
)
def test_loopback_addresses_are_parsed(address: str, expected: Endpoint) -> None:
    assert read_endpoint(address) == expected
    assert str(expected) == address
    assert expected.is_loopback


@pytest.mark.parametrize("host", ["0.0.0.0", "[::]", "192.168.1.5", "example.com", "127.1"])  # noqa: S104
def test_other_hosts_are_not_loopback(host: str) -> None:
    assert not read_endpoint(f"{host}:50051").is_loopback


def test_an_unknown_host_name_is_an_error() -> None:
    with pytest.raises(UnsupportedError, match="does not resolve"):
        check_free(Endpoint("no-such-host.invalid", 0))


@pytest.mark.parametrize(
    "address", ["", "127.0.0.1", ":50051", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:65536"]
)
def test_an_invalid_address_is_an_error(address: str) -> None:
    with pytest.raises(InvalidArgumentError, match="HOST:PORT"):
        read_endpoint(address)


def test_the_error_for_a_taken_port_has_its_number() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(UnsupportedError, match=f"127.0.0.1:{port}: another program"):
            check_free(Endpoint("127.0.0.1", port))
    check_free(Endpoint("127.0.0.1", port))
