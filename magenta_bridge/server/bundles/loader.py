"""Loads bundles while the server runs, and follows the folder they are put into."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from functools import partial
from pathlib import Path
from typing import Final

from magenta_bridge.errors import MagentaBridgeError, UnsupportedError
from magenta_bridge.generators.bundle import read_bundle_id
from magenta_bridge.generators.bundle_folder import (
    BundleFolder,
    Changes,
    Stamp,
    check_bundle_name,
    find_bundle,
)
from magenta_bridge.generators.generator import Interrupt, SequenceGenerator
from magenta_bridge.generators.loading import warm_up
from magenta_bridge.generators.registry import Entry, GeneratorRegistry
from magenta_bridge.server.bundles.background import BackgroundThreads
from magenta_bridge.server.bundles.health import ModelHealth
from magenta_bridge.server.bundles.sources import Sources
from magenta_bridge.server.bundles.table import BundleRecord, BundleStatus, BundleTable, is_clash

_LOADING: Final = "It is being read and warmed up."
_INCOMPLETE: Final = "It cannot be used yet and may still be on its way: {0}"
_BUG: Final = "It fails in a way that it should not; the server's log says how."

_log = logging.getLogger(__name__)


class BundleLoader:
    """Keeps a registry, and the health of each generator, in step with bundles.

    Everything that takes time is done beside the event loop; a generator is warm before anybody
    can ask for it.

    Threading: one event loop uses it.

    Args:
        registry: The table to keep; generators that are in it already go on serving.
        health: Told how each generator stands.
        sources: Where generators come from.
    """

    def __init__(
        self, registry: GeneratorRegistry, health: ModelHealth, sources: Sources | None = None
    ) -> None:
        self._registry = registry
        self._health = health
        self._sources = sources or Sources()
        self._folder = BundleFolder(self._sources.folder) if self._sources.folder else None
        self._shelf = BundleTable(registry.entries())
        self._changes = Changes()
        self._there: dict[str, Stamp] = {}
        self._aside = BackgroundThreads()
        self._turn = asyncio.Lock()
        self._watching: asyncio.Task[None] | None = None
        self._blind = False
        if self._sources.files or self._folder:
            registry.replace(registry.entries(), complete=False)
        self._complete = False

    async def open(self) -> None:
        """Loads what there is, and follows the folder from now on.

        Raises:
            MagentaBridgeError: One of the files, or the folder, cannot be used. A broken bundle
                of the folder is told in its record and the log.
        """
        await self._load_files()
        if self._folder is not None:
            await self._load_folder(self._folder)
            self._watching = asyncio.ensure_future(self._watch())
        self._complete = True
        await self._publish()

    async def stop(self) -> None:
        """Ends; nothing is loaded any more."""
        if self._watching is not None:
            self._watching.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._watching
        await self._aside.close()

    def records(self) -> list[BundleRecord]:
        """Returns what became of each bundle of the folder, by name in alphabetical order."""
        return self._shelf.records()

    async def load(self, name: str) -> Entry:
        """Loads a bundle of the folder at once; cancelling it leaves all as it was.

        Returns:
            Its generator's entry.

        Raises:
            InvalidArgumentError: The name cannot be that of a bundle.
            UnsupportedError: There is no folder.
            NotFoundError: There is no such bundle.
            BundleError: It cannot be used, or its generator's id is another's; what was loaded
                before goes on serving.
        """
        check_bundle_name(name)
        folder = self._need_folder()
        async with self._turn:
            self._there = await self._aside.run(lambda _: folder.look())
            stamp = find_bundle(self._there, name)
            before = self._shelf.record(name)
            try:
                await self._note_loading(name, stamp)
                await self._publish()
                generator = await self._make(name)
            except asyncio.CancelledError:
                self._shelf.restore(name, before)
                self._registry.replace(self._shelf.entries(), complete=self._complete)
                raise
            except Exception as error:
                self._refuse(name, stamp, error)
                await self._publish()
                raise
            self._serve(name, stamp, generator)
            await self._publish()
        return self._registry.entry(generator.info.id)

    async def unload(self, generator_id: str) -> BundleRecord:
        """Takes a generator of the folder out of service.

        Raises:
            NotFoundError: There is none of that id.
            UnsupportedError: It does not come from the folder.
        """
        self._registry.entry(generator_id)
        async with self._turn:
            record = self._shelf.unload(generator_id)
            await self._publish()
        _log.info("Unloaded %s: taken out of service by an administrator.", generator_id)
        return record

    async def follow(self) -> None:
        """Looks into the folder once, and does what has changed in it."""
        folder = self._need_folder()
        async with self._turn:
            try:
                there = self._there = await self._aside.run(lambda _: folder.look())
            except MagentaBridgeError as error:
                if not self._blind:
                    _log.warning("%s What was loaded goes on serving.", error.message)
                self._blind = True
                return
            self._blind = False
            new, gone = self._changes.see(there)
            for name in new:
                await self._note_loading(name, there[name])
                await self._publish()
                await self._follow(name, there[name], patient=True)
                await self._publish()
            for name in gone:
                self._forget(name)
            await self._publish()

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(self._sources.pause_seconds)
            try:
                await self.follow()
            except Exception:  # noqa: BLE001 - a fault of one look must not end the watch
                _log.exception("The bundle folder could not be looked after; trying again.")

    async def _load_files(self) -> None:
        expected = {path: await self._read_id(path) for path in self._sources.files}
        for generator_id in expected.values():
            self._shelf.expect_fixed(generator_id, _LOADING)
        await self._publish()
        for path in self._sources.files:
            generator = await self._aside.run(partial(self._read, path))
            await self._aside.run(partial(warm_up, generator))
            self._shelf.serve_fixed(expected[path], generator)
            await self._publish()

    async def _load_folder(self, folder: BundleFolder) -> None:
        self._there = await self._aside.run(lambda _: folder.look())
        self._changes.see(self._there)
        async with self._turn:
            for name, stamp in self._there.items():
                await self._note_loading(name, stamp)
            await self._publish()
            for name, stamp in self._there.items():
                await self._follow(name, stamp, patient=False)
                await self._publish()

    async def _follow(self, name: str, stamp: Stamp, *, patient: bool) -> None:
        """Loads a file that is new, or says why not."""
        try:
            generator = await self._make(name)
        except Exception as error:  # noqa: BLE001 - a bad file must not end the watch
            if patient and self._changes.may_yet_come(name, stamp):
                self._note(name, stamp, BundleStatus.LOADING, _INCOMPLETE.format(_told(error)))
            else:
                self._refuse(name, stamp, error)
        else:
            self._serve(name, stamp, generator)

    async def _make(self, name: str) -> SequenceGenerator:
        path = self._need_folder().path / name
        try:
            generator = await self._aside.run(partial(self._read, path))
            self._shelf.check_free(generator.info.id, name, lambda other: other in self._there)
            await self._aside.run(partial(warm_up, generator))
        except MagentaBridgeError as error:
            # Whoever may ask for music is not to hear where on this computer it comes from.
            error.message = error.message.replace(str(path), name)
            raise
        return generator

    def _read(self, path: Path, _: Interrupt) -> SequenceGenerator:
        return self._sources.load(path)

    async def _read_id(self, path: Path) -> str:
        return await self._aside.run(lambda _: read_bundle_id(path))

    def _need_folder(self) -> BundleFolder:
        if self._folder is None:
            raise UnsupportedError(
                "This server follows no bundle folder; start it with: magenta-bridge serve "
                "--bundles FOLDER"
            )
        return self._folder

    def _serve(self, name: str, stamp: Stamp, generator: SequenceGenerator) -> None:
        freed = self._shelf.serve(name, stamp.size, generator)
        self._changes.done(name, stamp)
        if freed:
            self._try_clashing_again()
        # What is there from the start is told by whoever started the server.
        level = logging.INFO if self._complete else logging.DEBUG
        _log.log(level, "Loaded %s from %s.", generator.info.id, name)

    def _refuse(self, name: str, stamp: Stamp, error: Exception) -> None:
        if not isinstance(error, MagentaBridgeError):
            _log.error("The bundle %s fails.", name, exc_info=error)
        self._note(name, stamp, BundleStatus.FAILED, _told(error), clashes=is_clash(error))
        self._changes.done(name, stamp)
        _log.warning("Refused %s: %s", name, _told(error))

    def _forget(self, name: str) -> None:
        gone = self._shelf.forget(name)
        if gone:
            self._try_clashing_again()
            _log.info("Unloaded %s: %s is gone from the folder.", gone, name)

    def _try_clashing_again(self) -> None:
        for record in self._shelf.records():
            if record.clashes:
                self._changes.again(record.name)

    async def _note_loading(self, name: str, stamp: Stamp) -> None:
        known = self._shelf.id_of(name) or await self._read_id(self._need_folder().path / name)
        self._shelf.note(BundleRecord(name, stamp.size, known, BundleStatus.LOADING, _LOADING))

    def _note(
        self,
        name: str,
        stamp: Stamp,
        status: BundleStatus,
        message: str,
        *,
        clashes: bool = False,
    ) -> None:
        record = self._shelf.record(name)
        known = record.generator_id if record else name
        self._shelf.note(BundleRecord(name, stamp.size, known, status, message, clashes))

    async def _publish(self) -> None:
        self._registry.replace(self._shelf.entries(), complete=self._complete)
        await self._health.show(self._registry)


def _told(error: Exception) -> str:
    return error.message if isinstance(error, MagentaBridgeError) else _BUG
