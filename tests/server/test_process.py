"""What clients see when a server process hangs, dies, restarts or is stopped."""

from __future__ import annotations

import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator

import pytest
from grpc_health.v1 import health_pb2

from magenta_bridge.client import AsyncClient, Client
from magenta_bridge.errors import MagentaBridgeError, ServerUnavailableError
from magenta_bridge.noteseq import NoteSequence
from tests.contract.live_server import LiveServer
from tests.server.process import BUNDLE, LONG_BARS, ServerProcess, running_server

NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="Windows has no such signals to send"
)


@pytest.fixture
def server() -> Iterator[ServerProcess]:
    """A server process with one real generator."""
    with running_server("--bundle", BUNDLE) as running:
        yield running


def _drain(pieces: Iterator[NoteSequence]) -> float:
    """Read a stream to its end; return the time up to which it is complete, in seconds."""
    complete = 0.0
    for piece in pieces:
        complete = piece.total_time
    return complete


def test_a_hung_server_is_detected_and_used_again(server: ServerProcess) -> None:
    """Long before the deadline; the client works again when the server does."""
    with Client(server.address, timeout=100, keepalive=1.0) as client:
        pieces = client.stream("lstm_melody", bars=LONG_BARS)
        next(pieces)
        server.send(signal.SIGSTOP)
        begin = time.monotonic()
        with pytest.raises(ServerUnavailableError):
            _drain(pieces)
        with pytest.raises(ServerUnavailableError):
            client.generators()
        assert time.monotonic() - begin < 30
        server.send(signal.SIGCONT)
        assert _wait_for_answer(client)


@pytest.mark.asyncio
async def test_the_asyncio_client_detects_a_hung_server(server: ServerProcess) -> None:
    async with AsyncClient(server.address, timeout=100, keepalive=1.0) as client:
        pieces = client.stream("lstm_melody", bars=LONG_BARS)
        await pieces.__anext__()
        server.send(signal.SIGSTOP)
        begin = time.monotonic()
        with pytest.raises(ServerUnavailableError):
            async for _ in pieces:
                pass
        assert time.monotonic() - begin < 30
        server.send(signal.SIGCONT)


def _wait_for_answer(client: Client) -> bool:
    """Send requests until one succeeds; fail after 60 seconds."""
    until = time.monotonic() + 60
    while True:
        try:
            return bool(client.generators())
        except ServerUnavailableError:
            assert time.monotonic() < until


def test_a_silent_port_is_unavailable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        begin = time.monotonic()
        with Client(address, timeout=60) as client, pytest.raises(ServerUnavailableError):
            client.generator("lstm_melody")
        assert time.monotonic() - begin < 30


def test_a_killed_server_is_detected_and_its_successor_found() -> None:
    with running_server("--bundle", BUNDLE) as first:
        client = Client(first.address, timeout=30)
        pieces = client.stream("lstm_melody", bars=LONG_BARS)
        next(pieces)
        first.send(signal.SIGKILL)
        with pytest.raises(ServerUnavailableError):
            _drain(pieces)
    with running_server("--bundle", BUNDLE, "--http-port", "0", port=first.port), client:
        assert _wait_for_answer(client)


def test_a_short_outage_is_retried() -> None:
    """A call that finds no server is retried, and a server that has started meanwhile responds."""
    reserved = socket.create_server(("127.0.0.1", 0))
    port = reserved.getsockname()[1]
    answers: list[NoteSequence | MagentaBridgeError] = []

    def generate() -> None:
        with Client(f"127.0.0.1:{port}", timeout=30) as client:
            try:
                answers.append(client.generate("scale", seed=1))
            except MagentaBridgeError as error:
                answers.append(error)

    calling = threading.Thread(target=generate, daemon=True)
    calling.start()
    with reserved:
        reserved.settimeout(60)
        reserved.accept()[0].close()
    live = LiveServer(port=port)
    try:
        calling.join(60)
        assert answers, "the call did not end"
        assert isinstance(answers[0], NoteSequence), answers
    finally:
        live.close()


def _check_clean_exit(server: ServerProcess) -> None:
    """Check that it exits with status 0, and has logged nothing but the calls."""
    code, out, log = server.wait()
    assert (code, out) == (0, "Stopped.\n")
    assert {line.split()[1] for line in log.splitlines()} <= {"INFO"}, log


def test_calls_in_flight_finish_before_the_process_ends(server: ServerProcess) -> None:
    """NOT_SERVING first, then no new calls, the last note, and exit status 0."""
    with Client(server.address, timeout=100) as client:
        pieces = client.stream("lstm_melody", bars=LONG_BARS)
        next(pieces)
        with server.health() as health:
            server.send(signal.SIGTERM)
            assert next(health) == NOT_SERVING
        with pytest.raises(ServerUnavailableError):
            client.generators()
        assert _drain(pieces) == LONG_BARS * 2.0
        _check_clean_exit(server)


def test_a_second_signal_cancels_calls_in_flight(server: ServerProcess) -> None:
    with Client(server.address, timeout=100) as client:
        pieces = client.stream("lstm_melody", bars=LONG_BARS)
        next(pieces)
        with server.health() as health:
            server.send(signal.SIGTERM)
            assert next(health) == NOT_SERVING
            server.send(signal.SIGTERM)
            _check_clean_exit(server)
        with pytest.raises(ServerUnavailableError):
            _drain(pieces)
