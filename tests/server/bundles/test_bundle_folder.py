"""A server that watches a bundle folder: each change is loaded, and no request fails."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import shutil
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from grpc_health.v1 import health_pb2

from magenta_bridge.client import BundleInfo, Client
from magenta_bridge.description import BundleStatus, GeneratorStatus
from magenta_bridge.errors import BundleError, NotFoundError
from magenta_bridge.noteseq import NoteSequence
from tests.server.folders import Listener, put, serving

Status = health_pb2.HealthCheckResponse


def ready(bundle: BundleInfo) -> bool:
    return bundle.status is BundleStatus.READY


def failed(bundle: BundleInfo) -> bool:
    return bundle.status is BundleStatus.FAILED


class _Player(threading.Thread):
    """Requests a bar repeatedly."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self.received: list[NoteSequence] = []
        self.failure: Exception | None = None
        self.enough = threading.Event()
        self._address = address

    def run(self) -> None:
        try:
            with Client(self._address, timeout=30) as bridge:
                while not self.enough.is_set():
                    self.received.append(bridge.generate("tune", bars=1, seed=1))
        except Exception as error:  # noqa: BLE001 - for the test to look at
            self.failure = error


@contextlib.asynccontextmanager
async def playing(listener: Listener) -> AsyncIterator[list[_Player]]:
    """Run two clients that send requests repeatedly; none of them may fail."""
    players = [_Player(listener.address) for _ in range(2)]
    for player in players:
        player.start()
    try:
        yield players
    finally:
        for player in players:
            player.enough.set()
            await asyncio.to_thread(player.join, 30)
    assert [player.failure for player in players] == [None, None]


@pytest.mark.asyncio
async def test_an_empty_folder_serves_nothing_until_a_bundle_is_added(tmp_path: Path) -> None:
    async with serving(tmp_path) as listener, listener.health("tune") as next_health:
        assert await listener.bridge.generators() == []
        received = await next_health()
        assert received.status == Status.SERVICE_UNKNOWN
        put(tmp_path, "mine.mag")
        while (received := await next_health()).status != Status.SERVING:
            assert received.status == Status.NOT_SERVING
        assert (await listener.bridge.generate("tune", bars=1, seed=1)).notes
        (found,) = await listener.bridge.bundles()
        assert (found.name, found.status, found.generator_id, found.status_message) == (
            "mine.mag",
            BundleStatus.READY,
            "tune",
            "",
        )
        assert found.size_bytes == (tmp_path / "mine.mag").stat().st_size


@pytest.mark.asyncio
async def test_replacing_a_bundle_under_load_fails_no_request(tmp_path: Path) -> None:
    """By rename and by copy, while clients send requests."""
    put(tmp_path, "mine.mag", description="version 0")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    async with serving(tmp_path) as listener, playing(listener) as players:
        for version in range(1, 6):
            received = [len(player.received) for player in players]
            text = f"version {version}"
            if version % 2:
                put(tmp_path, "mine.mag", description=text)
            else:
                shutil.copy(put(elsewhere, "new.mag", description=text), tmp_path / "mine.mag")
            await listener.described("tune", text)
            while [len(player.received) for player in players] == received:
                await listener.bridge.generators()
    for player in players:
        assert all(clip == player.received[0] for clip in player.received)


@pytest.mark.asyncio
async def test_a_damaged_replacement_is_reported_and_the_old_bundle_serves(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = put(tmp_path, "mine.mag")
    whole = path.read_bytes()
    async with serving(tmp_path) as listener, listener.health("tune") as next_health:
        damaged = bytearray(whole)
        damaged[len(whole) // 2] ^= 1
        with caplog.at_level(logging.WARNING):
            path.write_bytes(damaged)
            broken = await listener.bundle("mine.mag", failed)
        assert "mine.mag is damaged" in broken.status_message
        assert "mine.mag is damaged" in caplog.text
        (tune,) = await listener.bridge.generators()
        assert (tune.id, tune.status) == ("tune", GeneratorStatus.READY)
        assert "mine.mag is damaged" in tune.status_message
        assert (await listener.bridge.generate("tune", bars=1)).notes
        received = await next_health()
        assert received.status == Status.SERVING
        put(tmp_path, "mine.mag", description="second")
        await listener.described("tune", "second")
        assert (await listener.bridge.generator("tune")).status_message == ""


@pytest.mark.asyncio
async def test_a_server_starts_with_damaged_bundles_among_valid_ones(tmp_path: Path) -> None:
    put(tmp_path, "good.mag")
    (tmp_path / "broken.mag").write_bytes(b"not a bundle")
    async with serving(tmp_path) as listener, listener.health("broken") as next_health:
        broken, tune = await listener.bridge.generators()
        assert (broken.id, broken.status) == ("broken", GeneratorStatus.FAILED)
        assert "not a bundle" in broken.status_message
        assert tune.status is GeneratorStatus.READY
        received = await next_health()
        assert received.status == Status.NOT_SERVING
        with pytest.raises(BundleError, match="not a bundle"):
            await listener.bridge.generate("broken")
        (tmp_path / "broken.mag").unlink()
        received = await next_health()
        assert received.status == Status.SERVICE_UNKNOWN
        assert [one.id for one in await listener.bridge.generators()] == ["tune"]


@pytest.mark.asyncio
async def test_a_bundle_is_loaded_once_it_is_copied_completely(tmp_path: Path) -> None:
    """A part of it is never served."""
    whole = put(tmp_path, "mine.mag").read_bytes()
    (tmp_path / "mine.mag").unlink()
    async with serving(tmp_path) as listener:
        with (tmp_path / "mine.mag").open("wb") as file:
            file.write(whole[: len(whole) // 2])
            file.flush()
            # The incomplete file was scanned, but must not serve.
            await listener.bundle("mine.mag", lambda bundle: bundle.size_bytes == len(whole) // 2)
            assert all(
                one.status is not GeneratorStatus.READY
                for one in await listener.bridge.generators()
            )
            file.write(whole[len(whole) // 2 :])
        await listener.bundle("mine.mag", ready)
        (tune,) = await listener.bridge.generators()
        assert (tune.id, tune.status) == ("tune", GeneratorStatus.READY)


@pytest.mark.asyncio
async def test_the_generator_of_a_removed_bundle_is_unloaded(tmp_path: Path) -> None:
    path = put(tmp_path, "mine.mag")
    async with serving(tmp_path) as listener, listener.health("tune") as next_health:
        received = await next_health()
        assert received.status == Status.SERVING
        path.unlink()
        received = await next_health()
        assert received.status == Status.SERVICE_UNKNOWN
        with pytest.raises(NotFoundError):
            await listener.bridge.generate("tune")
        assert await listener.bridge.bundles() == []


@pytest.mark.asyncio
async def test_a_renamed_bundle_serves_without_a_gap(tmp_path: Path) -> None:
    path = put(tmp_path, "mine.mag")
    async with serving(tmp_path) as listener, playing(listener):
        path.rename(tmp_path / "yours.mag")
        await listener.bundle("yours.mag", ready)
        while [bundle.name for bundle in await listener.bridge.bundles()] != ["yours.mag"]:
            pass
        assert (await listener.bridge.generate("tune", bars=1)).notes


@pytest.mark.asyncio
async def test_of_two_bundles_with_one_id_the_first_serves(tmp_path: Path) -> None:
    """And the second when the first is removed."""
    first = put(tmp_path, "a.mag", description="of a")
    async with serving(tmp_path) as listener:
        put(tmp_path, "b.mag", description="of b")
        second = await listener.bundle("b.mag", failed)
        assert second.status_message.startswith("b.mag has the same id 'tune' as a.mag")
        (tune,) = await listener.bridge.generators()
        assert (tune.description, tune.status_message) == ("of a", "")
        with pytest.raises(BundleError, match=r"a\.mag"):
            await listener.bridge.load_bundle("b.mag")
        first.unlink()
        await listener.described("tune", "of b")


@pytest.mark.asyncio
async def test_a_bundle_may_change_its_id(tmp_path: Path) -> None:
    put(tmp_path, "mine.mag")
    async with serving(tmp_path) as listener:
        put(tmp_path, "mine.mag", generator_id="song")
        await listener.described("song", "first")
        assert [one.id for one in await listener.bridge.generators()] == ["song"]


@pytest.mark.asyncio
async def test_an_unloaded_generator_stays_unloaded_until_it_is_requested(tmp_path: Path) -> None:
    put(tmp_path, "mine.mag")
    async with serving(tmp_path) as listener:
        unloaded = await listener.bridge.unload("tune")
        assert (unloaded.name, unloaded.status) == ("mine.mag", BundleStatus.UNLOADED)
        put(tmp_path, "other.mag", generator_id="other")
        await listener.bundle("other.mag", ready)
        assert [one.id for one in await listener.bridge.generators()] == ["other"]
        assert (await listener.bridge.load_bundle("mine.mag")).status is GeneratorStatus.READY
        assert (await listener.bridge.generate("tune", bars=1)).notes
        await listener.bridge.unload("tune")
        put(tmp_path, "mine.mag", description="second")
        await listener.described("tune", "second")


@pytest.mark.asyncio
async def test_generators_of_an_unreadable_folder_continue_to_serve(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """As when a network drive is disconnected for a while."""
    folder = tmp_path / "folder"
    folder.mkdir()
    put(folder, "mine.mag")
    async with serving(folder) as listener:
        with caplog.at_level(logging.WARNING):
            folder.rename(tmp_path / "away")
            while "Cannot read the bundle folder" not in caplog.text:
                assert (await listener.bridge.generate("tune", bars=1)).notes
        (tmp_path / "away").rename(folder)
        put(folder, "mine.mag", description="second")
        await listener.described("tune", "second")
    assert caplog.text.count("Cannot read the bundle folder") == 1


@pytest.mark.asyncio
async def test_no_message_contains_the_path_of_a_bundle(tmp_path: Path) -> None:
    path = put(tmp_path, "mine.mag")
    async with serving(tmp_path) as listener:
        path.write_bytes(b"")
        broken = await listener.bundle("mine.mag", failed)
        assert str(tmp_path) not in broken.status_message
        (tune,) = await listener.bridge.generators()
        assert str(tmp_path) not in tune.status_message
