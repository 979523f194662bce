"""A server in a thread of this process."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import pytest

import magenta_bridge as mb
from magenta_bridge.server.local_server import LocalServer


@pytest.fixture(scope="module")
def server() -> Iterator[LocalServer]:
    """A server with one bundle."""
    with mb.serve(port=0, bundles=["lstm_melody"], workers=1) as server:
        yield server


def test_it_serves_both_clients(server: LocalServer) -> None:
    with mb.Client(server.address) as client:
        assert client.is_serving()
        assert [each.id for each in client.generators()] == ["lstm_melody"]
        clip = client.generate("lstm_melody", bars=1, seed=1)
    assert clip == mb.load("lstm_melody").generate(bars=1, seed=1)
    asynchronous = mb.AsyncClient(server.address)

    async def ask() -> mb.NoteSequence:
        async with asynchronous:
            return await asynchronous.generate("lstm_melody", bars=1, seed=1)

    assert asyncio.run(ask()) == clip


def test_a_port_in_use_is_refused(server: LocalServer) -> None:
    with pytest.raises(mb.UnsupportedError):
        mb.serve(port=int(server.address.rpartition(":")[2]), bundles=["lstm_melody"])


def test_an_unknown_setting_is_refused() -> None:
    with pytest.raises(mb.InvalidArgumentError):
        mb.serve(port=0, nonsense=1)


def test_an_unknown_bundle_is_refused() -> None:
    with pytest.raises(mb.NotFoundError):
        mb.serve(port=0, bundles=["missing"])


def test_it_closes_its_port_and_its_thread() -> None:
    threads = set(threading.enumerate())
    server = mb.serve(port=0, bundles=["lstm_melody"])
    server.close()
    server.close()
    with mb.Client(server.address, timeout=5) as client, pytest.raises(mb.ServerUnavailableError):
        client.generators()
    names = {thread.name for thread in set(threading.enumerate()) - threads}
    assert "magenta-bridge server" not in names
