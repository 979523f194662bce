"""A folder of bundles followed by a server: each change is heard, and no request fails by it."""

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

from magenta_bridge.client import Bundle, BundleStatus, Client, GeneratorStatus
from magenta_bridge.errors import BundleError, NotFoundError
from magenta_bridge.noteseq import NoteSequence
from tests.server.folders import Listener, put, serving

Status = health_pb2.HealthCheckResponse


def ready(bundle: Bundle) -> bool:
    return bundle.status is BundleStatus.READY


def failed(bundle: Bundle) -> bool:
    return bundle.status is BundleStatus.FAILED


class _Player(threading.Thread):
    """Asks for a bar again and again."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self.heard: list[NoteSequence] = []
        self.failure: Exception | None = None
        self.enough = threading.Event()
        self._address = address

    def run(self) -> None:
        try:
            with Client(self._address, timeout=30) as bridge:
                while not self.enough.is_set():
                    self.heard.append(bridge.generate("tune", bars=1, seed=1))
        except Exception as error:  # noqa: BLE001 - for the test to look at
            self.failure = error


@contextlib.asynccontextmanager
async def playing(listener: Listener) -> AsyncIterator[list[_Player]]:
    """Has two clients ask without end; no request of theirs may fail."""
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
async def test_an_empty_folder_serves_nothing_until_something_is_put_there(tmp_path: Path) -> None:
    async with serving(tmp_path) as listener, listener.health("tune") as next_health:
        assert await listener.bridge.generators() == []
        heard = await next_health()
        assert heard.status == Status.SERVICE_UNKNOWN
        put(tmp_path, "mine.mag")
        while (heard := await next_health()).status != Status.SERVING:
            assert heard.status == Status.NOT_SERVING
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
    """By rename and by copy, while clients never stop asking."""
    put(tmp_path, "mine.mag", description="version 0")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    async with serving(tmp_path) as listener, playing(listener) as players:
        for version in range(1, 6):
            heard = [len(player.heard) for player in players]
            text = f"version {version}"
            if version % 2:
                put(tmp_path, "mine.mag", description=text)
            else:
                shutil.copy(put(elsewhere, "new.mag", description=text), tmp_path / "mine.mag")
            await listener.described("tune", text)
            while [len(player.heard) for player in players] == heard:
                await listener.bridge.generators()
    for player in players:
        assert all(clip == player.heard[0] for clip in player.heard)


@pytest.mark.asyncio
async def test_a_broken_successor_is_reported_and_the_old_one_serves(
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
        heard = await next_health()
        assert heard.status == Status.SERVING
        put(tmp_path, "mine.mag", description="second")
        await listener.described("tune", "second")
        assert (await listener.bridge.generator("tune")).status_message == ""


@pytest.mark.asyncio
async def test_a_server_starts_with_broken_bundles_among_good_ones(tmp_path: Path) -> None:
    put(tmp_path, "good.mag")
    (tmp_path / "broken.mag").write_bytes(b"not a bundle")
    async with serving(tmp_path) as listener, listener.health("broken") as next_health:
        broken, tune = await listener.bridge.generators()
        assert (broken.id, broken.status) == ("broken", GeneratorStatus.FAILED)
        assert "not a bundle" in broken.status_message
        assert tune.status is GeneratorStatus.READY
        heard = await next_health()
        assert heard.status == Status.NOT_SERVING
        with pytest.raises(BundleError, match="not a bundle"):
            await listener.bridge.generate("broken")
        (tmp_path / "broken.mag").unlink()
        heard = await next_health()
        assert heard.status == Status.SERVICE_UNKNOWN
        assert [one.id for one in await listener.bridge.generators()] == ["tune"]


@pytest.mark.asyncio
async def test_a_bundle_that_is_still_being_copied_is_waited_for(tmp_path: Path) -> None:
    """What is there of it is never served, and the whole is once it has come."""
    whole = put(tmp_path, "mine.mag").read_bytes()
    (tmp_path / "mine.mag").unlink()
    async with serving(tmp_path) as listener:
        with (tmp_path / "mine.mag").open("wb") as file:
            file.write(whole[: len(whole) // 2])
            file.flush()
            # Looked at, although not whole: whatever became of that, nobody plays.
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
async def test_the_generator_of_a_removed_bundle_goes(tmp_path: Path) -> None:
    path = put(tmp_path, "mine.mag")
    async with serving(tmp_path) as listener, listener.health("tune") as next_health:
        heard = await next_health()
        assert heard.status == Status.SERVING
        path.unlink()
        heard = await next_health()
        assert heard.status == Status.SERVICE_UNKNOWN
        with pytest.raises(NotFoundError, match="none at all"):
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
    """And the second as soon as the first is taken away."""
    first = put(tmp_path, "a.mag", description="of a")
    async with serving(tmp_path) as listener:
        put(tmp_path, "b.mag", description="of b")
        second = await listener.bundle("b.mag", failed)
        assert second.status_message.startswith("b.mag is called 'tune' as a.mag is")
        (tune,) = await listener.bridge.generators()
        assert (tune.description, tune.status_message) == ("of a", "")
        with pytest.raises(BundleError, match=r"as a\.mag is"):
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
async def test_an_unloaded_generator_stays_away_until_it_is_asked_for(tmp_path: Path) -> None:
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
async def test_a_folder_that_vanishes_takes_no_generator_with_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """As when a network drive is away for a while."""
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
async def test_nobody_hears_where_a_bundle_lies(tmp_path: Path) -> None:
    path = put(tmp_path, "mine.mag")
    async with serving(tmp_path) as listener:
        path.write_bytes(b"")
        broken = await listener.bundle("mine.mag", failed)
        assert str(tmp_path) not in broken.status_message
        (tune,) = await listener.bridge.generators()
        assert str(tmp_path) not in tune.status_message
