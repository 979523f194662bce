"""Clients that are slow, greedy or gone hold nothing for long."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import struct
import threading
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from magenta_bridge.errors import InvalidArgumentError
from magenta_bridge.server.settings import HttpSettings
from tests.contract.live_server import LiveServer
from tests.server.http.asking import ask, plug, wrap

SERVICE = "/magenta_bridge.v1.GenerationService"
SHORT = HttpSettings(head_seconds=0.3, body_seconds=0.3, answer_seconds=0.3, connections=4)


@pytest.fixture
def hasty() -> Iterator[LiveServer]:
    """A server that waits for nobody, and has one worker."""
    server = LiveServer(threads=1, http=SHORT)
    yield server
    server.close()


def _head(server: LiveServer, method: str, kind: str, length: int) -> bytes:
    return (
        f"POST {SERVICE}/{method} HTTP/1.1\r\nHost: {urlsplit(server.web.place).netloc}\r\n"
        f"Content-Type: application/{kind}\r\nContent-Length: {length}\r\n\r\n"
    ).encode()


def _wait_for(server: LiveServer, connections: int) -> None:
    async def watch() -> None:
        while server.web.connections != connections:
            await asyncio.sleep(0.001)

    server.run(asyncio.wait_for(watch(), 20))


def _drip(line: socket.socket, data: bytes) -> bytes:
    """Sends a byte at a time until the server answers or hangs up; returns what it said."""
    line.settimeout(0.02)
    said = b""
    with contextlib.suppress(ConnectionError):
        for number in range(len(data)):
            line.sendall(data[number : number + 1])
            with contextlib.suppress(TimeoutError):
                part = line.recv(65_536)
                said += part
                if not part:
                    break
    return said


def test_a_head_that_comes_byte_by_byte_is_cut_off(hasty: LiveServer) -> None:
    with plug(hasty.web.place) as line:
        head = _head(hasty, "ListGenerators", "json", 2)
        began = time.monotonic()
        assert _drip(line, head) == b""
        assert time.monotonic() - began < 0.02 * len(head)
    _wait_for(hasty, 0)


def test_a_body_that_comes_byte_by_byte_is_cut_off(hasty: LiveServer) -> None:
    """Its worker writes for others meanwhile."""
    with plug(hasty.web.place) as line:
        line.sendall(_head(hasty, "Generate", "json", 1_000))
        body = json.dumps(
            {"generatorId": "scale", "options": {"generateSections": [{"endTime": 4}]}}
        ).encode()
        answer = ask(hasty.web.place, f"{SERVICE}/Generate", body, Content_Type="application/json")
        assert answer.status == 200
        said = _drip(line, b" " * 1_000)
    assert said.startswith(b"HTTP/1.1 504 ")
    assert b"did not arrive in time" in said
    _wait_for(hasty, 0)


def test_an_idle_connection_is_closed(hasty: LiveServer) -> None:
    with plug(hasty.web.place) as line:
        assert line.recv(1) == b""
    _wait_for(hasty, 0)


def test_a_connection_too_many_is_turned_away(hasty: LiveServer) -> None:
    lines = [plug(hasty.web.place) for _ in range(SHORT.connections)]
    _wait_for(hasty, SHORT.connections)
    with plug(hasty.web.place) as line, line.makefile("rb") as stream:
        assert stream.readline() == b"HTTP/1.1 429 Too Many Requests\r\n"
        assert b"resource_exhausted" in stream.read()
    for line in lines:
        line.close()
    _wait_for(hasty, 0)
    assert ask(hasty.web.place, "/healthz").status == 200


def _start_endless(server: LiveServer, line: socket.socket) -> None:
    body = wrap(b'{"generatorId": "endless", "options": {"generateSections": [{"endTime": 4}]}}')
    line.sendall(_head(server, "StreamGenerate", "connect+json", len(body)) + body)


def test_a_reader_that_stops_holds_up_the_writing_and_nobody_else(live: LiveServer) -> None:
    """An endless stream that nobody reads stops when the connection's buffers are full."""
    with plug(live.web.place) as line:
        _start_endless(live, line)
        line.recv(1)
        written = -1
        while written != live.endless.chunks:
            written = live.endless.chunks
            for _ in range(20):
                assert ask(live.web.place, "/healthz").status == 200
                live.run(asyncio.sleep(0.005))
            assert written < 500, "more than 32 MiB were made ahead of the reader"
    assert live.endless.ended.wait(10)
    live.wait_until_free()


def test_a_reader_that_never_comes_back_is_hung_up_on() -> None:
    """At its deadline the worker is free, and soon after so is the connection."""
    server = LiveServer(seconds=0.3, http=SHORT)
    try:
        with plug(server.web.place) as line:
            _start_endless(server, line)
            assert server.endless.ended.wait(10)
            server.wait_until_free()
            _wait_for(server, 0)
            with contextlib.suppress(ConnectionError):
                while line.recv(1 << 20):
                    pass
    finally:
        server.close()


def test_who_asks_on_and_on_and_reads_nothing_is_hung_up_on(hasty: LiveServer) -> None:
    """No answer is made while the one before it waits for its reader."""
    made = 0

    def long_error() -> Exception:
        nonlocal made
        made += 1
        return InvalidArgumentError("x" * 1_000)

    hasty.faulty.make_error = long_error
    order = b'{"generatorId": "faulty", "options": {"generateSections": [{"endTime": 4}]}}'
    request = _head(hasty, "Generate", "json", len(order)) + order
    most = 4_000
    with plug(hasty.web.place, buffer=65_536) as line:
        with contextlib.suppress(ConnectionError):
            line.sendall(request * most)
        assert line.recv(1) == b"H"
        _wait_for(hasty, 0)
        read = 0
        with contextlib.suppress(ConnectionError):
            while part := line.recv(1 << 20):
                read += part.count(b"HTTP/1.1 400")
    assert read <= made < most


def test_a_thousand_clients_that_hang_up_leave_nothing_behind(live: LiveServer) -> None:
    """Before, amid and after their requests: no task, no connection and no request is left."""

    async def tasks() -> int:
        return len(asyncio.all_tasks())

    assert ask(live.web.place, "/healthz").status == 200
    _wait_for(live, 0)
    before, threads = live.run(tasks()), threading.active_count()
    slow = b'{"generatorId": "gated", "options": {"generateSections": [{"endTime": 4}]}}'
    whole = {
        "Generate": _head(live, "Generate", "json", len(slow)) + slow,
        "StreamGenerate": _head(live, "StreamGenerate", "connect+json", len(slow) + 5) + wrap(slow),
    }
    for number in range(1_000):
        request = whole["Generate" if number % 2 else "StreamGenerate"]
        with plug(live.web.place) as line:
            if number % 3 == 0:
                hard = struct.pack("ii", 1, 0)
                line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, hard)
            line.sendall(request[: len(request) * (number % 5) // 4])
    live.wait_until_free()
    _wait_for(live, 0)
    assert ask(live.web.place, "/healthz").status == 200
    _wait_for(live, 0)
    assert (live.run(tasks()), threading.active_count()) == (before, threads)
