"""A server that is there for whoever keeps touching a file, and ends once nobody does."""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from grpc_health.v1 import health_pb2

from magenta_bridge.cli.main import magenta_bridge
from magenta_bridge.client import Client
from magenta_bridge.server.idle_shutdown import LOOKS, IdleShutdownSettings, KeepAliveFolder
from tests.server.process import BUNDLE, LONG_BARS, running_server

NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING


def _looks_until_gone(
    users: KeepAliveFolder, between: Callable[[int], None], most: int
) -> int | None:
    """Returns which look, counted from one, finds them gone; None where none of so many does."""
    for count in range(1, most + 1):
        if users.look():
            return count
        between(count)
    return None


def _touch(path: Path, second: int) -> None:
    path.touch()
    os.utime(path, (second, second))


def test_whoever_touches_a_file_now_and_then_is_there(tmp_path: Path) -> None:
    """Once in nineteen looks is enough, at any time of any clock: only a change counts."""
    users = KeepAliveFolder(IdleShutdownSettings(tmp_path))
    seconds = iter([4_000_000_000, 5, 1_700_000_000, 86_400] * 3)

    def touch(count: int) -> None:
        if count % (LOOKS - 1) == 1:
            _touch(tmp_path / "one", next(seconds))

    assert _looks_until_gone(users, touch, 10 * LOOKS) is None


def test_they_are_gone_after_so_many_looks_at_nothing_new(tmp_path: Path) -> None:
    """From the last touch on, and files that lie there say nothing, nor does one that goes."""
    for name in ("left", "behind"):
        (tmp_path / name).touch()
    users = KeepAliveFolder(IdleShutdownSettings(tmp_path))

    def act(count: int) -> None:
        if count == 5:
            _touch(tmp_path / "one", 7)
        if count == 9:
            (tmp_path / "left").unlink()

    assert _looks_until_gone(users, act, 100) == 6 + LOOKS


def test_one_user_is_enough(tmp_path: Path) -> None:
    (tmp_path / "quiet").touch()
    users = KeepAliveFolder(IdleShutdownSettings(tmp_path))
    assert _looks_until_gone(users, lambda count: _touch(tmp_path / "b", count), 100) is None


def test_a_folder_that_is_missing_or_goes_holds_nobody(tmp_path: Path) -> None:
    folder = tmp_path / "users"
    assert (
        _looks_until_gone(KeepAliveFolder(IdleShutdownSettings(folder)), lambda _: None, 100)
        == LOOKS
    )
    folder.mkdir()
    users = KeepAliveFolder(IdleShutdownSettings(folder))

    def act(count: int) -> None:
        if count < 30:
            _touch(folder / "one", count)
        if count == 30:
            shutil.rmtree(folder)

    assert _looks_until_gone(users, act, 100) == 30 + LOOKS


@pytest.mark.asyncio
async def test_time_in_which_nobody_looked_ends_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A laptop that sleeps for a night between two looks has missed looks, and touches."""
    naps: list[float] = []

    async def sleep(seconds: float) -> None:
        naps.append(seconds)
        if len(naps) == LOOKS:  # as late as can be
            for clock in ("time", "monotonic", "time_ns", "monotonic_ns"):
                patch.setattr(f"time.{clock}", lambda: 10**18)
            _touch(tmp_path / "one", 1)

    with monkeypatch.context() as patch:
        patch.setattr("magenta_bridge.server.idle_shutdown.asyncio.sleep", sleep)
        await KeepAliveFolder(IdleShutdownSettings(tmp_path, 60.0)).wait_until_gone()
    assert len(naps) == 2 * LOOKS
    assert set(naps) == {3.0}
    [record] = caplog.records
    assert "Nobody uses the server any more" in record.message
    assert str(tmp_path) in record.message


def test_a_process_ends_by_itself_when_its_users_have_gone(tmp_path: Path) -> None:
    """With exit status 0 and one line in the log."""
    (tmp_path / "gone").touch()
    words = ("--users", str(tmp_path), "--linger", "1", "--bundle", BUNDLE)
    with running_server(*words) as server:
        code, out, log = server.wait()
    assert (code, out) == (0, "Stopped.\n")
    [line] = log.splitlines()
    assert "Nobody uses the server any more" in line
    assert str(tmp_path) in line


def test_a_process_stays_while_a_file_is_touched(tmp_path: Path) -> None:
    """Three times as long as it lingers it answers; then it ends with its last user."""
    words = ("--users", str(tmp_path), "--linger", "1", "--bundle", BUNDLE)
    with running_server(*words) as server, Client(server.address, timeout=30) as client:
        begin = time.monotonic()
        touches = itertools.count()
        while time.monotonic() - begin < 3:
            _touch(tmp_path / "one", next(touches))
            assert client.generators()
        code, out, log = server.wait()
    assert (code, out) == (0, "Stopped.\n")
    assert "Nobody uses the server any more" in log


def test_work_in_hand_is_finished_though_nobody_is_left(tmp_path: Path) -> None:
    words = ("--users", str(tmp_path), "--linger", "1", "--bundle", BUNDLE)
    with running_server(*words) as server, Client(server.address, timeout=100) as client:
        pieces = client.stream("lstm_melody", bars=LONG_BARS)
        next(pieces)
        with server.health() as health:
            assert next(health) == NOT_SERVING
        complete = [piece.total_time for piece in pieces]
        assert complete[-1] == LONG_BARS * 2.0
        assert server.wait()[:2] == (0, "Stopped.\n")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals to send")
def test_a_process_with_users_ends_when_asked_to(tmp_path: Path) -> None:
    words = ("--users", str(tmp_path), "--linger", "3600", "--bundle", BUNDLE)
    with running_server(*words) as server:
        server.send(signal.SIGTERM)
        assert server.wait() == (0, "Stopped.\n", "")


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--linger", "5"], "--linger says nothing without --users"),
        (["--users", "x", "--linger", "0"], "0 is not in the range"),
        (["--users", "x", "--linger", "soon"], "'soon' is not a valid integer"),
        (["--users", __file__], "is a file"),
    ],
)
def test_options_that_make_no_sense_are_usage_errors(words: list[str], complaint: str) -> None:
    result = CliRunner().invoke(magenta_bridge, ["serve", *words])
    assert result.exit_code == 2
    assert complaint in result.output
