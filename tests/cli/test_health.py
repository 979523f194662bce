"""``magenta-bridge health``, and the credentials of commands."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from concurrent import futures
from pathlib import Path

import grpc
import pytest
from click.testing import CliRunner, Result
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

from magenta_bridge.cli.main import magenta_bridge
from magenta_bridge.cli.options.client import TOKEN_VARIABLE
from magenta_bridge.client import AsyncClient, Client
from magenta_bridge.errors import ServerUnavailableError
from magenta_bridge.server.settings import ServerSettings
from tests.contract.live_server import LiveServer
from tests.contract.secured_server import MARIA, STRANGER, known_tokens, running

_Answer = health_pb2.HealthCheckResponse


def _run(*words: str, **environment: str) -> Result:
    return CliRunner(env=environment).invoke(magenta_bridge, words)


@pytest.fixture(scope="module")
def ailing() -> Iterator[str]:
    """A server with a healthy generator ``good`` and an unhealthy one ``bad``."""
    servicer = health.HealthServicer()
    servicer.set("magenta_bridge.v1.GenerationService", _Answer.SERVING)
    servicer.set("magenta_bridge.v1.models/good", _Answer.SERVING)
    servicer.set("magenta_bridge.v1.models/bad", _Answer.NOT_SERVING)
    server = grpc.server(futures.ThreadPoolExecutor(1))
    health_pb2_grpc.add_HealthServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield f"127.0.0.1:{port}"
    server.stop(0).wait(60)


@pytest.fixture(scope="module")
def foreign() -> Iterator[str]:
    """A healthy server of another program."""
    servicer = health.HealthServicer()
    servicer.set("", _Answer.SERVING)
    server = grpc.server(futures.ThreadPoolExecutor(1))
    health_pb2_grpc.add_HealthServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield f"127.0.0.1:{port}"
    server.stop(0).wait(60)


@pytest.mark.parametrize("words", [["health"], ["health", "--generator", "x"], ["generators"]])
def test_a_healthy_server_of_another_program_is_not_ours(foreign: str, words: list[str]) -> None:
    result = _run(*words, "--server", foreign)
    assert result.exit_code == 1
    assert "is another program, or another version" in result.output
    assert "is serving" not in result.output


@pytest.mark.parametrize("generator_id", [None, "x"])
def test_an_async_client_recognizes_another_program(foreign: str, generator_id: str | None) -> None:
    async def is_serving() -> bool:
        async with AsyncClient(foreign) as bridge:
            return await bridge.is_serving(generator_id)

    with pytest.raises(ServerUnavailableError, match="another program"):
        asyncio.run(is_serving())


def test_a_running_server_is_healthy(live: LiveServer) -> None:
    result = _run("health", "--server", live.address)
    assert (result.exit_code, result.output) == (0, f"The server at {live.address} is serving.\n")

    async def is_serving() -> bool:
        async with AsyncClient(live.address) as bridge:
            return await bridge.is_serving()

    assert live.run(is_serving()) is True


@pytest.mark.parametrize(
    ("generator", "status", "sentence"),
    [
        ("good", 0, "is serving."),
        ("bad", 1, "is not serving"),
        ("missing", 1, "has no generator 'missing'"),
    ],
)
def test_each_generator_has_its_own_health(
    ailing: str, generator: str, status: int, sentence: str
) -> None:
    result = _run("health", "--server", ailing, "--generator", generator)
    assert result.exit_code == status
    assert sentence in result.output
    assert result.output.count("\n") == 1


def test_a_missing_server_is_reported() -> None:
    with socket.create_server(("127.0.0.1", 0)) as reserved:
        address = f"127.0.0.1:{reserved.getsockname()[1]}"
    result = _run("health", "--server", address)
    assert result.exit_code == 1
    assert address in result.output


def test_a_command_sends_the_token_of_a_file_or_the_environment(tmp_path: Path) -> None:
    file = tmp_path / "tokens.txt"
    file.write_text(f"# mine\nmaria:{MARIA}\n")
    file.chmod(0o600)
    with running(ServerSettings("127.0.0.1:0", tokens=known_tokens())) as address:
        words = ["generators", "--server", address]
        assert _run(*words, "--token-file", str(file)).exit_code == 0
        assert _run(*words, **{TOKEN_VARIABLE: MARIA}).exit_code == 0
        assert _run(*words, "--token-file", str(file), **{TOKEN_VARIABLE: STRANGER}).exit_code == 0
        for token in ("", STRANGER):
            rejected = _run(*words, **{TOKEN_VARIABLE: token})
            assert rejected.exit_code == 1
            assert "token" in rejected.output
            assert not token or token not in rejected.output
        # Health checks need no token.
        assert _run("health", "--server", address).exit_code == 0
        with Client(address) as bridge:
            assert bridge.is_serving()


@pytest.mark.parametrize(
    ("words", "option"),
    [
        (["--token-file", "x"], "--server"),
        (["--tls"], "--server"),
        (["--tls-ca", "x"], "--server"),
        (["--server", "127.0.0.1:1", "--tls-cert", "x"], "--tls-key"),
    ],
)
@pytest.mark.parametrize("command", [["generators"], ["generate", "-o", "clip.mid"]])
def test_invalid_combinations_of_options_are_usage_errors(
    command: list[str], words: list[str], option: str
) -> None:
    result = _run(*command, *words)
    assert result.exit_code == 2
    assert option in result.output


@pytest.fixture
def live() -> Iterator[LiveServer]:
    """A server with the fake generators."""
    server = LiveServer()
    yield server
    server.close()
