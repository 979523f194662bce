"""Load bundles while the server runs, and follow the changes of the bundle folder."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from functools import partial
from pathlib import Path
from typing import Final

from magenta_bridge.description import BundleStatus
from magenta_bridge.errors import MagentaBridgeError, UnsupportedError
from magenta_bridge.generators.bundle import read_bundle_id
from magenta_bridge.generators.bundle_folder import (
    BundleFolder,
    Changes,
    Stamp,
    check_bundle_name,
    find_stamp,
)
from magenta_bridge.generators.generator import Interrupt, SequenceGenerator
from magenta_bridge.generators.loading import warm_up
from magenta_bridge.generators.registry import Entry, GeneratorRegistry
from magenta_bridge.server.bundles.background import BackgroundThreads
from magenta_bridge.server.bundles.health import ModelHealth
from magenta_bridge.server.bundles.sources import Sources
from magenta_bridge.server.bundles.table import (
    BundleRecord,
    BundleTable,
    is_id_conflict,
)

_LOADING: Final = "The bundle is being loaded and warmed up."
_INCOMPLETE: Final = "The bundle cannot be loaded yet; the file may be incomplete. {0}"
_BUG: Final = "Unexpected error; see the server's log."

_log = logging.getLogger(__name__)


class BundleLoader:
    """Keeps a registry, and the health of each generator, up to date with the bundles.

    Slow work runs on background threads. A generator is warmed up before it can be requested.

    Threading: call it on one event loop.

    Args:
        registry: The registry to update; generators that it already has continue to serve.
        health: Where to publish the status of each generator.
        sources: Where to load generators from.
    """

    def __init__(
        self, registry: GeneratorRegistry, health: ModelHealth, sources: Sources | None = None
    ) -> None:
        self._registry = registry
        self._health = health
        self._sources = sources or Sources()
        self._folder = BundleFolder(self._sources.folder) if self._sources.folder else None
        self._table = BundleTable(registry.entries())
        self._changes = Changes()
        self._files: dict[str, Stamp] = {}
        self._threads = BackgroundThreads()
        self._lock = asyncio.Lock()
        self._watching: asyncio.Task[None] | None = None
        self._folder_unreadable = False
        if self._sources.files or self._folder:
            registry.replace(registry.entries(), complete=False)
        self._complete = False

    async def start(self) -> None:
        """Load the files and the folder, and start to watch the folder.

        Raises:
            MagentaBridgeError: One of the files, or the folder, cannot be read. A damaged bundle of
                the folder is reported in its record and in the log.
        """
        await self._load_files()
        if self._folder is not None:
            await self._load_folder(self._folder)
            self._watching = asyncio.ensure_future(self._watch())
        self._complete = True
        await self._publish()

    async def stop(self) -> None:
        """Stop to watch the folder, and interrupt loading."""
        if self._watching is not None:
            self._watching.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._watching
        await self._threads.close()

    def records(self) -> list[BundleRecord]:
        """Return the record of each bundle of the folder, sorted by name."""
        return self._table.records()

    async def load(self, name: str) -> Entry:
        """Load a bundle of the folder at once; canceling it restores the previous state.

        Returns:
            The entry of its generator.

        Raises:
            InvalidArgumentError: The name is not valid for a bundle.
            UnsupportedError: The server has no bundle folder.
            NotFoundError: There is no such bundle.
            BundleError: The bundle cannot be used, or another bundle has its id; the bundle loaded
                before continues to serve.
        """
        check_bundle_name(name)
        folder = self._need_folder()
        async with self._lock:
            self._files = await self._threads.run(lambda _: folder.look())
            stamp = find_stamp(self._files, name)
            before = self._table.record(name)
            try:
                await self._mark_loading(name, stamp)
                await self._publish()
                generator = await self._load(name)
            except asyncio.CancelledError:
                self._table.restore(name, before)
                self._registry.replace(self._table.entries(), complete=self._complete)
                raise
            except Exception as error:
                self._fail(name, stamp, error)
                await self._publish()
                raise
            self._serve(name, stamp, generator)
            await self._publish()
        return self._registry.entry(generator.info.id)

    async def unload(self, generator_id: str) -> BundleRecord:
        """Unload a generator of the folder.

        Raises:
            NotFoundError: No generator has that id.
            UnsupportedError: The generator does not come from the folder.
        """
        self._registry.entry(generator_id)
        async with self._lock:
            record = self._table.unload(generator_id)
            await self._publish()
        _log.info("Unloaded %s at an administrator's request.", generator_id)
        return record

    async def _scan(self) -> None:
        """Read the folder once, and load and unload what has changed."""
        folder = self._need_folder()
        async with self._lock:
            try:
                files = self._files = await self._threads.run(lambda _: folder.look())
            except MagentaBridgeError as error:
                if not self._folder_unreadable:
                    _log.warning("%s Loaded generators continue to serve.", error.message)
                self._folder_unreadable = True
                return
            self._folder_unreadable = False
            new, removed = self._changes.see(files)
            for name in new:
                await self._mark_loading(name, files[name])
                await self._publish()
                await self._try_load(name, files[name], retry=True)
                await self._publish()
            for name in removed:
                self._remove(name)
            await self._publish()

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(self._sources.pause_seconds)
            try:
                await self._scan()
            except Exception:  # noqa: BLE001 - an error in one scan must not end the watch
                _log.exception("Scanning the bundle folder failed; trying again.")

    async def _load_files(self) -> None:
        expected = {path: await self._read_id(path) for path in self._sources.files}
        for generator_id in expected.values():
            self._table.expect_fixed(generator_id, _LOADING)
        await self._publish()
        for path in self._sources.files:
            generator = await self._threads.run(partial(self._read, path))
            await self._threads.run(partial(warm_up, generator))
            self._table.serve_fixed(expected[path], generator)
            await self._publish()

    async def _load_folder(self, folder: BundleFolder) -> None:
        self._files = await self._threads.run(lambda _: folder.look())
        self._changes.see(self._files)
        async with self._lock:
            for name, stamp in self._files.items():
                await self._mark_loading(name, stamp)
            await self._publish()
            for name, stamp in self._files.items():
                await self._try_load(name, stamp, retry=False)
                await self._publish()

    async def _try_load(self, name: str, stamp: Stamp, *, retry: bool) -> None:
        """Load a new file, or record why it failed."""
        try:
            generator = await self._load(name)
        except Exception as error:  # noqa: BLE001 - a bad file must not end the watch
            if retry and self._changes.may_yet_come(name, stamp):
                text = _INCOMPLETE.format(_message(error))
                self._record(name, stamp, BundleStatus.LOADING, text)
            else:
                self._fail(name, stamp, error)
        else:
            self._serve(name, stamp, generator)

    async def _load(self, name: str) -> SequenceGenerator:
        path = self._need_folder().path / name
        try:
            generator = await self._threads.run(partial(self._read, path))
            self._table.check_id(generator.info.id, name, lambda other: other in self._files)
            await self._threads.run(partial(warm_up, generator))
        except MagentaBridgeError as error:
            # Do not disclose the server's paths to callers.
            error.message = error.message.replace(str(path), name)
            raise
        return generator

    def _read(self, path: Path, _: Interrupt) -> SequenceGenerator:
        return self._sources.load(path)

    async def _read_id(self, path: Path) -> str:
        return await self._threads.run(lambda _: read_bundle_id(path))

    def _need_folder(self) -> BundleFolder:
        if self._folder is None:
            raise UnsupportedError(
                "This server has no bundle folder; start it with: magenta-bridge serve "
                "--bundles FOLDER"
            )
        return self._folder

    def _serve(self, name: str, stamp: Stamp, generator: SequenceGenerator) -> None:
        freed = self._table.serve(name, stamp.size, generator)
        self._changes.done(name, stamp)
        if freed:
            self._retry_conflicts()
        # The command line lists the bundles loaded at the start.
        level = logging.INFO if self._complete else logging.DEBUG
        _log.log(level, "Loaded %s from %s.", generator.info.id, name)

    def _fail(self, name: str, stamp: Stamp, error: Exception) -> None:
        if not isinstance(error, MagentaBridgeError):
            _log.error("Loading the bundle %s failed.", name, exc_info=error)
        text, conflicts = _message(error), is_id_conflict(error)
        self._record(name, stamp, BundleStatus.FAILED, text, conflicts=conflicts)
        self._changes.done(name, stamp)
        _log.warning("Rejected %s: %s", name, text)

    def _remove(self, name: str) -> None:
        generator_id = self._table.remove(name)
        if generator_id:
            self._retry_conflicts()
            _log.info("Unloaded %s: %s was removed from the folder.", generator_id, name)

    def _retry_conflicts(self) -> None:
        for record in self._table.records():
            if record.conflicts:
                self._changes.again(record.name)

    async def _mark_loading(self, name: str, stamp: Stamp) -> None:
        known = self._table.id_of(name) or await self._read_id(self._need_folder().path / name)
        self._table.put(BundleRecord(name, stamp.size, BundleStatus.LOADING, _LOADING, known))

    def _record(
        self, name: str, stamp: Stamp, status: BundleStatus, text: str, *, conflicts: bool = False
    ) -> None:
        record = self._table.record(name)
        generator_id = record.generator_id if record else name
        self._table.put(BundleRecord(name, stamp.size, status, text, generator_id, conflicts))

    async def _publish(self) -> None:
        self._registry.replace(self._table.entries(), complete=self._complete)
        await self._health.publish(self._registry)


def _message(error: Exception) -> str:
    return error.message if isinstance(error, MagentaBridgeError) else _BUG
