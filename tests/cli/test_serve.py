"""``magenta-bridge serve`` as a process: ready line, requests, exit."""

from __future__ import annotations

import re
import shutil
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from magenta_bridge.cli.main import magenta_bridge
from magenta_bridge.cli.options.serve import ServeOptions
from magenta_bridge.client import Client
from magenta_bridge.errors import RateLimitedError
from magenta_bridge.generators.bundle import shipped_bundles
from tests.cli.program import run_program
from tests.server.process import ServerProcess, running_server


@pytest.fixture(scope="module")
def server() -> Iterator[ServerProcess]:
    """A running server with the included bundles."""
    with running_server() as running:
        yield running


def test_the_ready_line_has_the_generators_and_the_addresses(server: ServerProcess) -> None:
    included = ", ".join(path.stem for path in shipped_bundles())
    pattern = (
        rf"Serving {included} on 127\.0\.0\.1:[1-9]\d*"
        r" and http://127\.0\.0\.1:[1-9]\d* \(Ctrl-C stops\)\n"
    )
    assert re.fullmatch(pattern, server.ready)


def test_server_and_local_process_write_the_same_bytes(
    server: ServerProcess, tmp_path: Path
) -> None:
    here, there = tmp_path / "here.mid", tmp_path / "there.mid"
    words = ["generate", "--bars", "2", "--seed", "9", "--temperature", "0.9"]
    assert run_program(*words, "-o", here).returncode == 0
    remote = run_program(*words, "--server", server.address, "-o", there)
    assert remote.returncode == 0, remote.stderr
    assert here.read_bytes() == there.read_bytes()


def test_the_server_lists_the_same_generators(server: ServerProcess) -> None:
    here = run_program("generators", "--json")
    there = run_program("generators", "--json", "--server", server.address)
    assert here.stdout == there.stdout


def test_a_taken_port_is_a_one_line_error(server: ServerProcess) -> None:
    result = run_program("serve", "--port", server.port)
    assert result.returncode == 1
    assert result.stderr.startswith("Error: ")
    assert server.port in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals to send")
@pytest.mark.parametrize("ending", ["SIGINT", "SIGTERM"])
def test_a_stop_signal_ends_it_cleanly(ending: str) -> None:
    with running_server() as server:
        server.send(getattr(signal, ending))
        assert server.wait() == (0, "Stopped.\n", "")
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", int(server.port))) != 0


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5"])  # noqa: S104
def test_an_unsecured_address_of_the_network_is_rejected(host: str) -> None:
    result = run_program("serve", "--host", host)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith(f"Error: Other computers can reach {host}")
    assert "magenta-bridge certs" in result.stderr
    assert "--token-file" in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_token_without_tls_is_not_enough_for_the_network() -> None:
    words = ["serve", "--host", "0.0.0.0"]  # noqa: S104
    result = CliRunner(env={"MAGENTA_BRIDGE_TOKEN": "t" * 40}).invoke(magenta_bridge, words)
    assert result.exit_code == 2
    assert "--tls-cert" in result.output
    assert "--token-file" not in result.output


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--tls-cert", "a.crt"], "--tls-cert and --tls-key must be given together"),
        (["--tls-key", "a.key"], "--tls-cert and --tls-key must be given together"),
        (["--tls-client-ca", "ca.crt"], "--tls-client-ca requires --tls-cert"),
    ],
)
def test_incomplete_tls_options_are_usage_errors(words: list[str], complaint: str) -> None:
    result = CliRunner().invoke(magenta_bridge, ["serve", *words])
    assert result.exit_code == 2
    assert complaint in result.output


@pytest.mark.parametrize("token", ["", "short", "t" * 31, "t" * 40 + "\N{MUSIC FLAT SIGN}"])
def test_an_invalid_token_of_the_environment_is_reported_but_not_printed(token: str) -> None:
    result = CliRunner(env={"MAGENTA_BRIDGE_TOKEN": token}).invoke(magenta_bridge, ["serve"])
    assert result.exit_code == 1
    assert result.output.startswith("Error: MAGENTA_BRIDGE_TOKEN: a token ")
    assert not token or token not in result.output


def test_a_key_of_another_certificate_is_reported_before_the_port_opens(tmp_path: Path) -> None:
    for name in ("one", "two"):
        made = run_program("certs", "--host", "localhost", "--output", tmp_path / name)
        assert made.returncode == 0, made.stderr
    cert, key = tmp_path / "one/server.crt", tmp_path / "two/server.key"
    result = run_program("serve", "--port", "0", "--tls-cert", cert, "--tls-key", key)
    assert (result.returncode, result.stdout) == (1, "")
    assert "is not the key of" in result.stderr
    assert result.stderr.count("\n") == 1


def test_each_change_of_a_bundle_folder_is_one_log_line(tmp_path: Path) -> None:
    """Start empty, add a bundle, add a damaged one, and remove the first."""
    with running_server("--bundles", str(tmp_path)) as server:
        start = f"Serving no generator yet (put .mag files into {tmp_path})"
        assert server.ready.startswith(start)
        bundle = shipped_bundles()[0]
        copy = Path(shutil.copy(bundle, tmp_path / "mine.mag"))
        assert f"Loaded {bundle.stem} from mine.mag." in server.line("Loaded", error=True)
        listed = run_program("generators", "--server", server.address)
        assert listed.stdout.startswith(f"{bundle.stem}\n")
        (tmp_path / "broken.mag").write_bytes(b"nothing of use")
        assert "Rejected broken.mag: " in server.line("Rejected", error=True)
        copy.unlink()
        assert f"Unloaded {bundle.stem}: " in server.line("Unloaded", error=True)


def test_own_bundles_are_served_alone_or_beside_the_included_ones(tmp_path: Path) -> None:
    included, own = shipped_bundles(), tmp_path / "mine.mag"
    assert ServeOptions().settings().sources.files == included
    assert ServeOptions(bundles=(own,)).settings().sources.files == [own]
    both = ServeOptions(bundles=(own,), shipped=True).settings()
    assert both.sources.files == [own, *included]
    assert ServeOptions(folder=tmp_path).settings().sources.files == []
    assert ServeOptions(folder=tmp_path, shipped=True).settings().sources.files == included


def test_a_missing_bundle_folder_is_a_usage_error(tmp_path: Path) -> None:
    result = run_program("serve", "--bundles", tmp_path / "nowhere")
    assert result.returncode == 2
    assert "nowhere" in result.stderr


@pytest.mark.parametrize(
    "words", [("--workers", "0"), ("--queue", "-1"), ("--rate", "-1"), ("--rate", "nan")]
)
def test_a_load_option_out_of_range_is_a_usage_error(words: tuple[str, str]) -> None:
    result = run_program("serve", *words)
    assert result.returncode == 2
    assert words[0] in result.stderr
    assert "Traceback" not in result.stderr


def test_options_limit_the_accepted_load() -> None:
    """A burst of forty calls, then one per second, for each client."""
    with (
        running_server("--rate", "1", "--workers", "1", "--queue", "0") as started,
        Client(started.address, retry=False) as client,
        Client(started.address) as other,
    ):
        with pytest.raises(RateLimitedError, match="1 calls per second"):
            [client.generator("lstm_melody") for _ in range(200)]
        assert other.generator("lstm_melody").id == "lstm_melody"
