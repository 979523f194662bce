"""Fixtures for the MIDI tests."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from magenta_bridge.cli.midi.managed_server import ManagedServer
from magenta_bridge.midi.ports.watcher import watcher
from tests.cli.program import PROGRAM
from tests.midi.bounded import ChildProgram, Start, child_program, join, run_bounded
from tests.midi.harness import Harness
from tests.midi.jack import Jack, jack_server
from tests.midi.virtual_clock import VirtualClock


@pytest.fixture
def harness() -> Iterator[Harness]:
    """A harness in virtual time, stopped afterward."""
    opened = Harness(VirtualClock(automatic=False))
    yield opened
    opened.stop()


@pytest.fixture(scope="session")
def jack() -> Iterator[Jack]:
    """A JACK server that tests do not end."""
    with jack_server("magenta-bridge-test") as server:
        yield server
        # A thread that is inside RtMidi when the interpreter exits aborts the process.
        watcher._stop.set()
        if watcher._thread is not None:
            join(watcher._thread)


@pytest.fixture
def jack_here(jack: Jack, monkeypatch: pytest.MonkeyPatch) -> Jack:
    """The JACK server, used by this process and those that it starts."""
    for variable, value in jack.environment.items():
        monkeypatch.setenv(variable, value)
    return jack


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The address of a server with the shipped generators."""
    managed = run_bounded(lambda: ManagedServer([], print), "the start of the server")
    yield managed.address
    run_bounded(managed.close, "the end of the server")


@pytest.fixture
def start() -> Iterator[Start]:
    """Start ``magenta-bridge midi`` or another program; all end with the test."""
    with contextlib.ExitStack() as stack:

        def begin(*arguments: str, name: str = "magenta-bridge") -> ChildProgram:
            first = ["midi", "--no-ui"] if name == "magenta-bridge" else []
            path = str(Path(PROGRAM).with_name(name))
            return stack.enter_context(child_program(path, *first, *arguments, merge_stderr=True))

        yield begin
