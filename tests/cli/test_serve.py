"""``magenta-bridge serve`` as a process: ready line, real requests, clean end."""

from __future__ import annotations

import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import pytest
from click.testing import CliRunner

from magenta_bridge.cli.main import magenta_bridge
from magenta_bridge.client import Client
from magenta_bridge.errors import RateLimitedError
from magenta_bridge.generators.loading import shipped_bundles
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
            rf"Serving {shipped} on (127\.0\.0\.1:[1-9]\d*)"
            r" and http://127\.0\.0\.1:[1-9]\d* \(Ctrl-C stops\)\n",
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


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5"])  # noqa: S104
def test_what_others_can_reach_is_refused_in_one_sentence(host: str) -> None:
    result = run_program("serve", "--host", host)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith(f"Error: Other computers can reach {host}")
    assert "magenta-bridge certs" in result.stderr
    assert "--token-file" in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_token_alone_does_not_open_it_to_others() -> None:
    words = ["serve", "--host", "0.0.0.0"]  # noqa: S104
    result = CliRunner(env={"MAGENTA_BRIDGE_TOKEN": "t" * 40}).invoke(magenta_bridge, words)
    assert result.exit_code == 2
    assert "--tls-cert" in result.output
    assert "--token-file" not in result.output


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--tls-cert", "a.crt"], "--tls-cert and --tls-key belong together"),
        (["--tls-key", "a.key"], "--tls-cert and --tls-key belong together"),
        (["--tls-client-ca", "ca.crt"], "--tls-client-ca needs --tls-cert"),
    ],
)
def test_half_of_what_tls_needs_is_told(words: list[str], complaint: str) -> None:
    result = CliRunner().invoke(magenta_bridge, ["serve", *words])
    assert result.exit_code == 2
    assert complaint in result.output


@pytest.mark.parametrize("token", ["", "short", "t" * 31, "t" * 40 + "\N{MUSIC FLAT SIGN}"])
def test_a_token_of_the_environment_that_is_none_is_told_and_not_repeated(token: str) -> None:
    result = CliRunner(env={"MAGENTA_BRIDGE_TOKEN": token}).invoke(magenta_bridge, ["serve"])
    assert result.exit_code == 1
    assert result.output.startswith("Error: MAGENTA_BRIDGE_TOKEN: a token ")
    assert not token or token not in result.output


def test_files_that_do_not_belong_together_are_told_before_the_port_opens(tmp_path: Path) -> None:
    for name in ("one", "two"):
        made = run_program("certs", "--host", "localhost", "--output", tmp_path / name)
        assert made.returncode == 0, made.stderr
    cert, key = tmp_path / "one/server.crt", tmp_path / "two/server.key"
    result = run_program("serve", "--port", "0", "--tls-cert", cert, "--tls-key", key)
    assert (result.returncode, result.stdout) == (1, "")
    assert "is not the key of" in result.stderr
    assert result.stderr.count("\n") == 1


def next_line(log: IO[str], word: str) -> str:
    """Returns the next line of the log that holds a word; the log tells of calls as well."""
    return next(line for line in log if word in line)


def test_a_folder_is_served_and_each_change_is_one_line(tmp_path: Path) -> None:
    """It begins empty; a bundle is dropped in, a broken one after it, and the first goes."""
    with subprocess.Popen(
        [PROGRAM, "serve", "--port", "0", "--bundles", str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stderr is not None
            ready = process.stdout.readline()
            assert ready.startswith(f"Serving no generator yet (put .mag files into {tmp_path})")
            bundle = shipped_bundles()[0]
            there = Path(shutil.copy(bundle, tmp_path / "mine.mag"))
            assert f"Loaded {bundle.stem} from mine.mag." in next_line(process.stderr, "Loaded")
            listed = run_program("generators", "--server", ready.split(" on ")[1].split()[0])
            assert listed.stdout.startswith(f"{bundle.stem}\n")
            (tmp_path / "broken.mag").write_bytes(b"nothing of use")
            assert "Refused broken.mag: " in next_line(process.stderr, "Refused")
            there.unlink()
            assert f"Unloaded {bundle.stem}: " in next_line(process.stderr, "Unloaded")
        finally:
            process.kill()


def test_a_folder_that_is_none_is_refused(tmp_path: Path) -> None:
    result = run_program("serve", "--bundles", tmp_path / "nowhere")
    assert result.returncode == 2
    assert "nowhere" in result.stderr


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
