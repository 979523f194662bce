"""What the tests of this folder stand on: a stage, a JACK server, a server that generates."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from magenta_bridge.cli.midi.managed_server import PrivateServer
from tests.midi.jack import Jack, jack_server
from tests.midi.program import Start, programs
from tests.midi.stage import Stage


@pytest.fixture
def stage() -> Iterator[Stage]:
    """A stage that is cleared afterwards; nothing sounds then."""
    it = Stage()
    yield it
    it.end()


@pytest.fixture(scope="session")
def jack() -> Iterator[Jack]:
    """A JACK server that no test ends."""
    with jack_server("magenta-bridge-test") as server:
        yield server


@pytest.fixture
def jack_here(jack: Jack, monkeypatch: pytest.MonkeyPatch) -> Jack:
    """The JACK server, which this process and those that it starts find."""
    for variable, value in jack.environment.items():
        monkeypatch.setenv(variable, value)
    return jack


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """Where a server listens that has the shipped generators."""
    with PrivateServer([], print) as private:
        yield private.address


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts programs and ends them."""
    with programs() as begin:
        yield begin
