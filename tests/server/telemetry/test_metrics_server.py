"""The metrics port: two paths, errors for the rest, and no way to block it."""

from __future__ import annotations

import asyncio
import http.client
import socket
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from magenta_bridge.errors import UnsupportedError
from magenta_bridge.server.telemetry.metrics import Metrics
from magenta_bridge.server.telemetry.metrics_server import MetricsPort


class _State:
    serving = True


@pytest_asyncio.fixture
async def port() -> AsyncIterator[MetricsPort]:
    """An open port whose health is that of ``_State``."""
    _State.serving = True
    made = MetricsPort(0, Metrics(lambda: ["scale"]).registry, lambda: _State.serving)
    await made.start()
    yield made
    await made.stop()


def _ask(port: MetricsPort, method: str, path: str, **headers: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection(port.address, timeout=10)
    try:
        connection.request(
            method, path, headers={k.replace("_", "-"): v for k, v in headers.items()}
        )
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


@pytest.mark.asyncio
async def test_metrics_and_health_are_served(port: MetricsPort) -> None:
    status, page = await asyncio.to_thread(_ask, port, "GET", "/metrics")
    assert status == 200
    assert 'magenta_bridge_generator_loaded{generator="scale"} 1.0' in page
    assert "_created" not in page  # they would double the number of series
    assert await asyncio.to_thread(_ask, port, "GET", "/healthz") == (200, "Serving.\n")
    _State.serving = False
    status, text = await asyncio.to_thread(_ask, port, "GET", "/healthz")
    assert (status, text) == (503, "Draining.\n")


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/"), ("GET", "/metrics/"), ("GET", "/favicon.ico"), ("POST", "/metrics")],
)
async def test_other_paths_and_methods_are_not_found(
    port: MetricsPort, method: str, path: str
) -> None:
    status, text = await asyncio.to_thread(_ask, port, method, path)
    assert status == 404
    assert text == "Not found. Available: GET /metrics and GET /healthz.\n"


@pytest.mark.asyncio
@pytest.mark.parametrize("path", ["/metrics", "/healthz"])
@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"Host": "localhost:9999"}, 200),  # through a tunnel
        ({"Sec_Fetch_Site": "none"}, 200),  # typed into a browser
        ({"Host": "evil.example"}, 403),  # a name that resolves to 127.0.0.1
        ({"Host": "127.0.0.1.evil.example:8000"}, 403),
        ({"Origin": "http://evil.example"}, 403),
        ({"Sec_Fetch_Site": "cross-site"}, 403),
    ],
)
async def test_web_pages_are_refused(
    port: MetricsPort, path: str, headers: dict[str, str], expected: int
) -> None:
    status, _ = await asyncio.to_thread(_ask, port, "GET", path, **headers)
    assert status == expected


@pytest.mark.asyncio
async def test_silent_connections_do_not_block_others(port: MetricsPort) -> None:
    host, _, number = port.address.rpartition(":")
    silent = [socket.create_connection((host, int(number))) for _ in range(10)]
    assert (await asyncio.to_thread(_ask, port, "GET", "/metrics"))[0] == 200
    for connection in silent:
        connection.close()


@pytest.mark.asyncio
async def test_a_taken_port_is_an_error_and_a_closed_one_is_free(port: MetricsPort) -> None:
    number = int(port.address.rpartition(":")[2])
    registry = Metrics(list).registry
    second = MetricsPort(number, registry, lambda: True)
    with pytest.raises(UnsupportedError, match=port.address):
        await second.start()
    await second.stop()
    await port.stop()
    again = MetricsPort(number, registry, lambda: True)
    await again.start()
    await again.stop()
