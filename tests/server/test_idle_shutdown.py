"""A server that stops when no file in its keepalive folder is touched."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner
from grpc_health.v1 import health_pb2

from magenta_bridge.cli.main import magenta_bridge
from magenta_bridge.client import AsyncClient, Client
from magenta_bridge.generators.registry import GeneratorRegistry
from magenta_bridge.server.app import serve
from magenta_bridge.server.idle_shutdown import POLLS, IdleShutdownSettings, KeepAliveFolder
from magenta_bridge.server.settings import ServerSettings
from tests.contract.fake_generator import ScaleGenerator
from tests.server.process import BUNDLE, LONG_BARS, running_server

NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING


def _polls_until_idle(
    folder: KeepAliveFolder, between: Callable[[int], None], most: int
) -> int | None:
    """Return the number of the poll that reaches the timeout; None if none of them does."""
    for count in range(1, most + 1):
        if folder.poll():
            return count
        between(count)
    return None


def _touch(path: Path, second: int) -> None:
    path.touch()
    os.utime(path, (second, second))


def test_a_touched_file_keeps_the_server_alive(tmp_path: Path) -> None:
    """Once per 19 polls is enough, with any modification time: only a change counts."""
    users = KeepAliveFolder(IdleShutdownSettings(tmp_path))
    seconds = iter([4_000_000_000, 5, 1_700_000_000, 86_400] * 3)

    def touch(count: int) -> None:
        if count % (POLLS - 1) == 1:
            _touch(tmp_path / "one", next(seconds))

    assert _polls_until_idle(users, touch, 10 * POLLS) is None


def test_the_timeout_starts_at_the_last_touch(tmp_path: Path) -> None:
    """Old files and removed files do not count."""
    for name in ("left", "behind"):
        (tmp_path / name).touch()
    users = KeepAliveFolder(IdleShutdownSettings(tmp_path))

    def act(count: int) -> None:
        if count == 5:
            _touch(tmp_path / "one", 7)
        if count == 9:
            (tmp_path / "left").unlink()

    assert _polls_until_idle(users, act, 100) == 6 + POLLS


def test_one_touched_file_is_enough(tmp_path: Path) -> None:
    (tmp_path / "quiet").touch()
    users = KeepAliveFolder(IdleShutdownSettings(tmp_path))
    assert _polls_until_idle(users, lambda count: _touch(tmp_path / "b", count), 100) is None


def test_a_missing_folder_counts_as_empty(tmp_path: Path) -> None:
    folder = tmp_path / "clients"
    assert (
        _polls_until_idle(KeepAliveFolder(IdleShutdownSettings(folder)), lambda _: None, 100)
        == POLLS
    )
    folder.mkdir()
    users = KeepAliveFolder(IdleShutdownSettings(folder))

    def act(count: int) -> None:
        if count < 30:
            _touch(folder / "one", count)
        if count == 30:
            shutil.rmtree(folder)

    assert _polls_until_idle(users, act, 100) == 30 + POLLS


@pytest.mark.asyncio
async def test_time_without_polls_does_not_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A laptop that sleeps between two polls has missed polls and touches."""
    naps: list[float] = []

    async def sleep(seconds: float) -> None:
        naps.append(seconds)
        if len(naps) == POLLS:  # as late as can be
            for clock in ("time", "monotonic", "time_ns", "monotonic_ns"):
                patch.setattr(f"time.{clock}", lambda: 10**18)
            _touch(tmp_path / "one", 1)

    with monkeypatch.context() as patch:
        patch.setattr("magenta_bridge.server.idle_shutdown.asyncio.sleep", sleep)
        await KeepAliveFolder(IdleShutdownSettings(tmp_path, 60.0)).wait_until_idle()
    assert len(naps) == 2 * POLLS
    assert set(naps) == {3.0}
    [record] = caplog.records
    assert "Shutting down: no file in" in record.message
    assert str(tmp_path) in record.message


def test_a_process_without_touched_files_exits(tmp_path: Path) -> None:
    """With exit status 0 and one line in the log."""
    (tmp_path / "gone").touch()
    words = ("--keepalive-dir", str(tmp_path), "--idle-timeout", "1", "--bundle", BUNDLE)
    with running_server(*words) as server:
        code, out, log = server.wait()
    assert (code, out) == (0, "Stopped.\n")
    [line] = log.splitlines()
    assert "Shutting down: no file in" in line
    assert str(tmp_path) in line


@pytest.mark.asyncio
async def test_a_server_stays_while_a_file_is_touched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It responds for three times its timeout, and stops when the touches end."""
    addresses: list[str] = []
    polls = 0

    async def sleep(_: float) -> None:
        nonlocal polls
        polls += 1
        if polls <= 3 * POLLS:
            _touch(tmp_path / "one", polls)
            async with AsyncClient(addresses[0], timeout=60) as client:
                assert await client.generators()

    monkeypatch.setattr("magenta_bridge.server.idle_shutdown.asyncio", SimpleNamespace(sleep=sleep))
    settings = ServerSettings("127.0.0.1:0", idle_shutdown=IdleShutdownSettings(tmp_path))
    registry = GeneratorRegistry([ScaleGenerator()])
    await asyncio.wait_for(serve(registry, settings, ready=addresses.append), 100)
    assert polls == 4 * POLLS


def test_calls_in_flight_finish_before_an_idle_shutdown(tmp_path: Path) -> None:
    words = ("--keepalive-dir", str(tmp_path), "--idle-timeout", "1", "--bundle", BUNDLE)
    with running_server(*words) as server, Client(server.address, timeout=100) as client:
        pieces = client.stream("lstm_melody", bars=LONG_BARS)
        next(pieces)
        with server.health() as health:
            assert next(health) == NOT_SERVING
        complete = [piece.total_time for piece in pieces]
        assert complete[-1] == LONG_BARS * 2.0
        assert server.wait()[:2] == (0, "Stopped.\n")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals to send")
def test_a_signal_stops_a_process_with_a_keepalive_folder(tmp_path: Path) -> None:
    words = ("--keepalive-dir", str(tmp_path), "--idle-timeout", "3600", "--bundle", BUNDLE)
    with running_server(*words) as server:
        server.send(signal.SIGTERM)
        assert server.wait() == (0, "Stopped.\n", "")


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--idle-timeout", "5"], "--idle-timeout requires --keepalive-dir"),
        (["--keepalive-dir", "x", "--idle-timeout", "0"], "0 is not in the range"),
        (["--keepalive-dir", "x", "--idle-timeout", "soon"], "'soon' is not a valid integer"),
        (["--keepalive-dir", __file__], "is a file"),
    ],
)
def test_invalid_options_are_usage_errors(words: list[str], complaint: str) -> None:
    result = CliRunner().invoke(magenta_bridge, ["serve", *words])
    assert result.exit_code == 2
    assert complaint in result.output
