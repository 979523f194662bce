"""The server under test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from magenta_bridge.client import Client
from tests.contract.live_server import LiveServer


@pytest.fixture
def live() -> Iterator[LiveServer]:
    """A server with the fake generators."""
    server = LiveServer()
    yield server
    server.close()


@pytest.fixture
def client(live: LiveServer) -> Iterator[Client]:
    """A synchronous client of that server."""
    with Client(live.address, timeout=30) as bridge:
        yield bridge
