"""Slow, greedy and vanished clients occupy nothing for long."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import struct
import threading
import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import pytest
from aiohttp import StreamReader
from aiohttp.base_protocol import BaseProtocol

from magenta_bridge.errors import CancelledError, InvalidArgumentError
from magenta_bridge.server.http.exchange import Exchange
from magenta_bridge.server.settings import HttpSettings
from tests.contract.live_server import LiveServer
from tests.server.http.client import fetch, frame, open_socket

SERVICE = "/magenta_bridge.v1.GenerationService"
SHORT = HttpSettings(head_seconds=0.3, body_seconds=0.3, answer_seconds=0.3, connections=4)


@pytest.fixture
def impatient() -> Iterator[LiveServer]:
    """A server with short timeouts and one worker."""
    server = LiveServer(threads=1, http=SHORT)
    yield server
    server.close()


def _head(server: LiveServer, method: str, kind: str, length: int) -> bytes:
    return (
        f"POST {SERVICE}/{method} HTTP/1.1\r\nHost: {urlsplit(server.web.url).netloc}\r\n"
        f"Content-Type: application/{kind}\r\nContent-Length: {length}\r\n\r\n"
    ).encode()


def _wait_for(server: LiveServer, connections: int) -> None:
    async def watch() -> None:
        while server.web.connections != connections:
            await asyncio.sleep(0.001)

    server.run(asyncio.wait_for(watch(), 20))


def _drip(line: socket.socket, data: bytes) -> bytes:
    """Send a byte at a time until the server responds or closes; return its response."""
    line.settimeout(0.02)
    received = b""
    with contextlib.suppress(ConnectionError):
        for number in range(len(data)):
            line.sendall(data[number : number + 1])
            with contextlib.suppress(TimeoutError):
                part = line.recv(65_536)
                received += part
                if not part:
                    break
    return received


def test_headers_that_arrive_too_slowly_are_cut_off(impatient: LiveServer) -> None:
    with open_socket(impatient.web.url) as line:
        head = _head(impatient, "ListGenerators", "json", 2)
        began = time.monotonic()
        assert _drip(line, head) == b""
        assert time.monotonic() - began < 0.02 * len(head)
    _wait_for(impatient, 0)


def test_a_body_that_arrives_too_slowly_is_cut_off(impatient: LiveServer) -> None:
    """The worker serves other clients in the meantime."""
    with open_socket(impatient.web.url) as line:
        line.sendall(_head(impatient, "Generate", "json", 1_000))
        body = json.dumps(
            {"generatorId": "scale", "options": {"generateSections": [{"endTime": 4}]}}
        ).encode()
        response = fetch(
            impatient.web.url, f"{SERVICE}/Generate", body, Content_Type="application/json"
        )
        assert response.status == 200
        received = _drip(line, b" " * 1_000)
    assert received.startswith(b"HTTP/1.1 504 ")
    assert b"did not arrive in time" in received
    _wait_for(impatient, 0)


def test_an_idle_connection_is_closed(impatient: LiveServer) -> None:
    with open_socket(impatient.web.url) as line:
        assert line.recv(1) == b""
    _wait_for(impatient, 0)


def test_connections_above_the_limit_are_rejected(impatient: LiveServer) -> None:
    lines = [open_socket(impatient.web.url) for _ in range(SHORT.connections)]
    _wait_for(impatient, SHORT.connections)
    with open_socket(impatient.web.url) as line, line.makefile("rb") as stream:
        assert stream.readline() == b"HTTP/1.1 429 Too Many Requests\r\n"
        assert b"resource_exhausted" in stream.read()
    for line in lines:
        line.close()
    _wait_for(impatient, 0)
    assert fetch(impatient.web.url, "/healthz").status == 200


def _start_endless(server: LiveServer, line: socket.socket) -> None:
    body = frame(b'{"generatorId": "endless", "options": {"generateSections": [{"endTime": 4}]}}')
    line.sendall(_head(server, "StreamGenerate", "connect+json", len(body)) + body)


def test_a_client_that_stops_reading_pauses_only_its_own_stream(live: LiveServer) -> None:
    """An endless stream pauses when the buffers of its connection are full."""
    with open_socket(live.web.url) as line:
        _start_endless(live, line)
        line.recv(1)
        written = -1
        while written != live.endless.chunks:
            written = live.endless.chunks
            for _ in range(20):
                assert fetch(live.web.url, "/healthz").status == 200
                live.run(asyncio.sleep(0.005))
            assert written < 500, "more than 32 MiB were generated ahead of the client"
    assert live.endless.ended.wait(10)
    live.wait_until_free()


def test_a_client_that_never_reads_is_disconnected() -> None:
    """The worker is free at the deadline, and the connection soon after."""
    server = LiveServer(seconds=0.3, http=SHORT)
    try:
        with open_socket(server.web.url) as line:
            _start_endless(server, line)
            assert server.endless.ended.wait(10)
            server.wait_until_free()
            _wait_for(server, 0)
            with contextlib.suppress(ConnectionError):
                while line.recv(1 << 20):
                    pass
    finally:
        server.close()


def test_a_client_that_pipelines_without_reading_is_disconnected(impatient: LiveServer) -> None:
    """No response is computed while the one before it waits to be read."""
    computed = 0

    def long_error() -> Exception:
        nonlocal computed
        computed += 1
        return InvalidArgumentError("x" * 1_000)

    impatient.faulty.make_error = long_error
    call = b'{"generatorId": "faulty", "options": {"generateSections": [{"endTime": 4}]}}'
    request = _head(impatient, "Generate", "json", len(call)) + call
    sent = 4_000
    with open_socket(impatient.web.url, buffer=65_536) as line:
        with contextlib.suppress(ConnectionError):
            line.sendall(request * sent)
        assert line.recv(1) == b"H"
        _wait_for(impatient, 0)
        read = 0
        with contextlib.suppress(ConnectionError):
            while part := line.recv(1 << 20):
                read += part.count(b"HTTP/1.1 400")
    assert read <= computed < sent


def test_a_client_that_vanishes_as_its_body_arrives_starts_no_work() -> None:
    """Even if the cancellation arrives together with the last bytes."""

    async def read() -> None:
        protocol = BaseProtocol(asyncio.get_running_loop())
        protocol.transport = asyncio.Transport()
        body = StreamReader(protocol, 65_536)
        request: Any = SimpleNamespace(content=body, content_length=2, headers={}, transport=None)
        reading = asyncio.ensure_future(Exchange(request, SHORT).read_body(time.monotonic() + 10))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        body.feed_data(b"{}")
        body.feed_eof()
        await asyncio.sleep(0)
        reading.cancel()
        with pytest.raises((CancelledError, asyncio.CancelledError)):
            await reading

    asyncio.run(read())


def test_a_thousand_closed_connections_leave_nothing_behind(live: LiveServer) -> None:
    """Closed before, during and after their requests: no task, thread or connection is left."""

    async def tasks() -> int:
        return len(asyncio.all_tasks())

    assert fetch(live.web.url, "/healthz").status == 200
    _wait_for(live, 0)
    before, threads = live.run(tasks()), threading.active_count()
    slow = b'{"generatorId": "gated", "options": {"generateSections": [{"endTime": 4}]}}'
    whole = {
        "Generate": _head(live, "Generate", "json", len(slow)) + slow,
        "StreamGenerate": _head(live, "StreamGenerate", "connect+json", len(slow) + 5)
        + frame(slow),
    }
    for number in range(1_000):
        request = whole["Generate" if number % 2 else "StreamGenerate"]
        with open_socket(live.web.url) as line:
            if number % 3 == 0:
                hard = struct.pack("ii", 1, 0)
                line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, hard)
            line.sendall(request[: len(request) * (number % 5) // 4])
    live.wait_until_free()
    _wait_for(live, 0)
    assert fetch(live.web.url, "/healthz").status == 200
    _wait_for(live, 0)
    assert (live.run(tasks()), threading.active_count()) == (before, threads)
