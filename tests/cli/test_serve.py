"""``magenta-bridge serve`` as a process: ready line, real requests, clean end."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from magenta_bridge.client import Client
from magenta_bridge.errors import RateLimitedError
from magenta_bridge.generators.shipped import shipped_bundles
from tests.cli.program import PROGRAM, run_program
from tests.server.process import running_server


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A running server on a free port, and its address."""
    with subprocess.Popen(
        [PROGRAM, "serve", "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        shipped = ", ".join(path.stem for path in shipped_bundles())
        ready = re.fullmatch(
            rf"Serving {shipped} on (127\.0\.0\.1:[1-9]\d*) \(Ctrl-C stops\)\n",
            process.stdout.readline(),
        )
        assert ready is not None
        yield process, ready[1]
        process.kill()


def test_server_and_process_write_the_same_bytes(
    server: tuple[subprocess.Popen[str], str], tmp_path: Path
) -> None:
    here, there = tmp_path / "here.mid", tmp_path / "there.mid"
    words = ["generate", "--bars", "2", "--seed", "9", "--temperature", "0.9"]
    assert run_program(*words, "-o", here).returncode == 0
    asked = run_program(*words, "--server", server[1], "-o", there)
    assert asked.returncode == 0, asked.stderr
    assert here.read_bytes() == there.read_bytes()


def test_the_server_lists_the_same_generators(
    server: tuple[subprocess.Popen[str], str],
) -> None:
    here = run_program("generators", "--json")
    there = run_program("generators", "--json", "--server", server[1])
    assert here.stdout == there.stdout


def test_a_taken_port_is_one_sentence(server: tuple[subprocess.Popen[str], str]) -> None:
    port = server[1].rpartition(":")[2]
    result = run_program("serve", "--port", port)
    assert result.returncode == 1
    assert result.stderr.startswith("Error: ")
    assert port in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals to send")
@pytest.mark.parametrize("ending", ["SIGINT", "SIGTERM"])
def test_it_ends_cleanly_when_asked_to(ending: str) -> None:
    with subprocess.Popen(
        [PROGRAM, "serve", "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        address = process.stdout.readline().split(" on ")[1].split()[0]
        process.send_signal(getattr(signal, ending))
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (0, "Stopped.\n", "")
    with socket.socket() as probe:
        host, _, port = address.rpartition(":")
        assert probe.connect_ex((host, int(port))) != 0


def test_an_address_of_the_outer_world_is_refused() -> None:
    result = run_program("serve", "--host", "0.0.0.0")  # noqa: S104
    assert result.returncode == 1
    assert result.stderr.startswith("Error: ")
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "words", [("--workers", "0"), ("--queue", "-1"), ("--rate", "-1"), ("--rate", "nan")]
)
def test_a_load_that_makes_no_sense_is_a_usage_error(words: tuple[str, str]) -> None:
    result = run_program("serve", *words)
    assert result.returncode == 2
    assert words[0] in result.stderr
    assert "Traceback" not in result.stderr


def test_options_say_how_much_is_accepted() -> None:
    """Forty calls at once, then one a second; the message says so."""
    with (
        running_server("--rate", "1", "--workers", "1", "--queue", "0") as started,
        Client(started.address) as client,
        Client(started.address) as other,
    ):
        with pytest.raises(RateLimitedError, match="1 times a second"):
            [client.generator("lstm_melody") for _ in range(200)]
        assert other.generator("lstm_melody").id == "lstm_melody"
