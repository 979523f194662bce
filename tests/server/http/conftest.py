"""A running server with an HTTP port."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from magenta_bridge.server.settings import HttpSettings
from tests.contract.live_server import LiveServer


@pytest.fixture
def live() -> Iterator[LiveServer]:
    """A server with the fake generators and an HTTP port."""
    server = LiveServer(http=HttpSettings())
    yield server
    server.close()
