"""``magenta-bridge serve`` as a process, asked by curl."""

from __future__ import annotations

import json
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from magenta_bridge.cli.options.serve import take_http
from magenta_bridge.errors import InvalidArgumentError
from magenta_bridge.generators.loading import shipped_bundles
from magenta_bridge.server.settings import HttpSettings
from tests.cli.program import PROGRAM, run_program

SERVICE = "/magenta_bridge.v1.GenerationService"


@pytest.fixture(scope="module")
def place() -> Iterator[str]:
    """Where a running server answers HTTP."""
    with subprocess.Popen(
        [PROGRAM, "serve", "--port", "0"], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        ready = re.search(r" and (http://127\.0\.0\.1:[1-9]\d*) ", process.stdout.readline())
        assert ready is not None
        yield ready[1]
        process.kill()


def _curl(*words: str, data: bytes | None = None) -> bytes:
    program = shutil.which("curl")
    assert program, "curl is not installed"
    return subprocess.run(
        [program, "-s", "--max-time", "30", *words], input=data, capture_output=True, check=True
    ).stdout


def test_curl_lists_the_generators(place: str) -> None:
    kind = "content-type: application/json"
    answer: Any = json.loads(_curl("-H", kind, "-d", "{}", f"{place}{SERVICE}/ListGenerators"))
    assert [one["id"] for one in answer["generators"]] == [path.stem for path in shipped_bundles()]


def test_curl_gets_music_and_sends_it_back_as_a_primer(place: str) -> None:
    """The second request is large enough for curl to ask before it sends the body."""
    url, kind = f"{place}{SERVICE}/Generate", "content-type: application/json"
    order: dict[str, Any] = {
        "generatorId": "lstm_melody",
        "seed": 7,
        "options": {"generateSections": [{"startTime": 0, "endTime": 32}]},
    }
    words = ["-H", kind, "-H", "expect: 100-continue", "--data-binary", "@-", url]
    first: Any = json.loads(_curl(*words, data=json.dumps(order).encode()))
    assert first["seed"] == "7"
    order["primer"] = first["sequences"][0]
    order["options"] = {"generateSections": [{"startTime": 32, "endTime": 40}]}
    second: Any = json.loads(_curl(*words, data=json.dumps(order).encode()))
    assert all(32 <= note["startTime"] < 40 for note in second["sequences"][0]["notes"])


def test_curl_is_told_what_is_wrong(place: str) -> None:
    url, form = f"{place}{SERVICE}/Generate", ["-w", "\n%{http_code}", "-d"]
    text, _, status = _curl(*form, "{}", url).rpartition(b"\n")
    assert (status, json.loads(text)["code"]) == (b"415", "unimplemented")
    words = ["-H", "content-type: application/json", *form, '{"generatorId": "nobody"}', url]
    text, _, status = _curl(*words).rpartition(b"\n")
    assert (status, json.loads(text)["code"]) == (b"404", "not_found")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals to send")
def test_it_ends_while_a_client_stays_connected() -> None:
    with subprocess.Popen(
        [PROGRAM, "serve", "--port", "0", "--http-port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        place = process.stdout.readline().split(" and http://")[1].split()[0]
        host, _, port = place.rpartition(":")
        with socket.create_connection((host, int(port)), timeout=30) as line:
            line.sendall(f"GET /healthz HTTP/1.1\r\nHost: {place}\r\n\r\n".encode())
            assert line.recv(1) == b"H"
            process.send_signal(signal.SIGTERM)
            out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (0, "Stopped.\n", "")


def test_a_taken_port_is_one_sentence(place: str) -> None:
    port = place.rpartition(":")[2]
    result = run_program("serve", "--port", "0", "--http-port", port)
    assert result.returncode == 1
    assert result.stderr.startswith("Error: ")
    assert port in result.stderr
    assert result.stderr.count("\n") == 1


def test_without_http_the_ready_line_names_one_place(tmp_path: Path) -> None:
    with subprocess.Popen(
        [PROGRAM, "serve", "--port", "0", "--no-http"],
        stdout=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
    ) as process:
        assert process.stdout is not None
        assert "http" not in process.stdout.readline()
        process.kill()


def _take(
    port: int, http_port: int | None, *, no_http: bool = False, origins: tuple[str, ...] = ()
) -> HttpSettings | None:
    options = {"http_port": http_port, "no_http": no_http, "http_origins": origins}
    return take_http(port, options)


@pytest.mark.parametrize(
    ("port", "http_port", "taken"), [(50_051, None, 50_052), (0, None, 0), (50_051, 0, 0)]
)
def test_the_port_comes_after_the_other(port: int, http_port: int | None, taken: int) -> None:
    """So that two servers side by side need no more than two ports of gRPC's."""
    settings = _take(port, http_port, origins=("HTTP://LocalHost:8000/",))
    assert settings is not None
    assert (settings.port, settings.origins) == (taken, ("http://localhost:8000",))


def test_options_that_contradict_each_other_are_refused() -> None:
    for port, http_port, no_http in ((65_535, None, False), (8_000, 8_000, False), (1, 2, True)):
        with pytest.raises(click.UsageError):
            _take(port, http_port, no_http=no_http)
    with pytest.raises(InvalidArgumentError):
        _take(1, 2, origins=("*",))
    assert _take(1, None, no_http=True) is None
