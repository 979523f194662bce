"""The HTTP port of ``magenta-bridge serve``, called with curl."""

from __future__ import annotations

import json
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import click
import pytest

from magenta_bridge.cli.options.serve import ServeOptions
from magenta_bridge.errors import InvalidArgumentError
from magenta_bridge.generators.bundle import shipped_bundles
from tests.cli.program import run_program
from tests.server.process import running_server

SERVICE = "/magenta_bridge.v1.GenerationService"


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """The HTTP URL of a running server."""
    with running_server() as server:
        yield f"http://{server.http}"


def _curl(*words: str, data: bytes | None = None) -> bytes:
    program = shutil.which("curl")
    assert program, "curl is not installed"
    return subprocess.run(
        [program, "-s", "--max-time", "30", *words],
        input=data,
        capture_output=True,
        check=True,
        timeout=60,
    ).stdout


def test_curl_lists_the_generators(url: str) -> None:
    kind = "content-type: application/json"
    answer: Any = json.loads(_curl("-H", kind, "-d", "{}", f"{url}{SERVICE}/ListGenerators"))
    assert [one["id"] for one in answer["generators"]] == [path.stem for path in shipped_bundles()]


def test_curl_gets_music_and_sends_it_back_as_a_primer(url: str) -> None:
    """The second request is so large that curl waits for 100 Continue."""
    method, kind = f"{url}{SERVICE}/Generate", "content-type: application/json"
    body: dict[str, Any] = {
        "generatorId": "lstm_melody",
        "seed": 7,
        "options": {"generateSections": [{"startTime": 0, "endTime": 32}]},
    }
    words = ["-H", kind, "-H", "expect: 100-continue", "--data-binary", "@-", method]
    first: Any = json.loads(_curl(*words, data=json.dumps(body).encode()))
    assert first["seed"] == "7"
    body["primer"] = first["sequences"][0]
    body["options"] = {"generateSections": [{"startTime": 32, "endTime": 40}]}
    second: Any = json.loads(_curl(*words, data=json.dumps(body).encode()))
    assert all(32 <= note["startTime"] < 40 for note in second["sequences"][0]["notes"])


def test_curl_receives_errors(url: str) -> None:
    method, form = f"{url}{SERVICE}/Generate", ["-w", "\n%{http_code}", "-d"]
    text, _, status = _curl(*form, "{}", method).rpartition(b"\n")
    assert (status, json.loads(text)["code"]) == (b"415", "unimplemented")
    words = ["-H", "content-type: application/json", *form, '{"generatorId": "missing"}', method]
    text, _, status = _curl(*words).rpartition(b"\n")
    assert (status, json.loads(text)["code"]) == (b"404", "not_found")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals to send")
def test_it_stops_while_a_client_stays_connected() -> None:
    with running_server("--http-port", "0") as server:
        host, _, port = server.http.rpartition(":")
        with socket.create_connection((host, int(port)), timeout=30) as line:
            line.sendall(f"GET /healthz HTTP/1.1\r\nHost: {server.http}\r\n\r\n".encode())
            assert line.recv(1) == b"H"
            server.send(signal.SIGTERM)
            assert server.wait() == (0, "Stopped.\n", "")


def test_a_taken_port_is_a_one_line_error(url: str) -> None:
    port = url.rpartition(":")[2]
    result = run_program("serve", "--port", "0", "--http-port", port)
    assert result.returncode == 1
    assert result.stderr.startswith("Error: ")
    assert port in result.stderr
    assert result.stderr.count("\n") == 1


def test_without_http_the_ready_line_has_one_address() -> None:
    with running_server("--no-http") as server:
        assert "http" not in server.ready


@pytest.mark.parametrize(
    ("port", "http_port", "taken"), [(50_051, None, 50_052), (0, None, 0), (50_051, 0, 0)]
)
def test_the_default_port_follows_the_grpc_port(
    port: int, http_port: int | None, taken: int
) -> None:
    options = ServeOptions(port=port, http_port=http_port, http_origins=("HTTP://LocalHost:8000/",))
    settings = options.http()
    assert settings is not None
    assert (settings.port, settings.origins) == (taken, ("http://localhost:8000",))


def test_contradictory_options_are_usage_errors() -> None:
    for port, http_port, no_http in ((65_535, None, False), (8_000, 8_000, False), (1, 2, True)):
        with pytest.raises(click.UsageError):
            ServeOptions(port=port, http_port=http_port, no_http=no_http).http()
    with pytest.raises(InvalidArgumentError):
        ServeOptions(port=1, http_port=2, http_origins=("*",)).http()
    assert ServeOptions(port=1, no_http=True).http() is None
