"""The state of every bundle, and the generators that follow from it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Final

from magenta_bridge.description import BundleInfo, BundleStatus, GeneratorStatus
from magenta_bridge.errors import BundleError, InvalidArgumentError, NotFoundError, UnsupportedError
from magenta_bridge.generators.generator import SequenceGenerator
from magenta_bridge.generators.registry import Entry


@dataclass(frozen=True)
class BundleRecord(BundleInfo):
    """A file of the bundle folder, as the server tracks it.

    Attributes:
        conflicts: Whether it failed because another bundle has its id.
    """

    conflicts: bool = False


_MISSING: Final = Entry("", GeneratorStatus.FAILED)
_HOLDER: Final = "held_by"


def is_id_conflict(error: Exception) -> bool:
    """Return whether a bundle was rejected because another bundle has its id."""
    return isinstance(error, BundleError) and _HOLDER in error.metadata


class BundleTable:
    """The records of the folder's files, and the generators that serve.

    Threading: call it on one event loop.

    Args:
        fixed: Entries of generators that do not come from the folder.
    """

    def __init__(self, fixed: Iterable[Entry] = ()) -> None:
        self._fixed = {entry.id: entry for entry in fixed}
        # Ids of the folder's generators, with each generator and the name of its file.
        self._served: dict[str, tuple[SequenceGenerator, str]] = {}
        self._records: dict[str, BundleRecord] = {}

    def records(self) -> list[BundleRecord]:
        """Return all records, sorted by name."""
        return [self._records[name] for name in sorted(self._records)]

    def record(self, name: str) -> BundleRecord | None:
        """Return the record of a file, if it exists."""
        return self._records.get(name)

    def put(self, record: BundleRecord) -> None:
        """Add a record, or replace the one of that name."""
        self._records[record.name] = record

    def restore(self, name: str, record: BundleRecord | None) -> None:
        """Restore an earlier record of a file."""
        if record is None:
            self._records.pop(name, None)
        else:
            self._records[name] = record

    def expect_fixed(self, generator_id: str, message: str) -> None:
        """Add an entry for a generator outside the folder that is being loaded."""
        entry = Entry(generator_id, GeneratorStatus.LOADING, message)
        self._fixed.setdefault(generator_id, entry)

    def serve_fixed(self, expected_id: str, generator: SequenceGenerator) -> None:
        """Serve a generator that does not come from the folder.

        Args:
            expected_id: The id given to ``expect_fixed``.
            generator: The generator.

        Raises:
            InvalidArgumentError: Another generator has its id.
        """
        generator_id = generator.info.id
        if self._fixed.get(expected_id, _MISSING).generator is None:
            self._fixed.pop(expected_id, None)
        if generator_id in self._fixed:
            raise InvalidArgumentError(
                f"Two bundles are both called {generator_id!r}; serve one of them."
            )
        self._fixed[generator_id] = Entry(generator_id, GeneratorStatus.READY, generator=generator)

    def check_id(self, generator_id: str, name: str, exists: Callable[[str], bool]) -> None:
        """Check that a file may serve a generator of that id.

        Args:
            generator_id: The id.
            name: The file.
            exists: Returns whether a file is still in the folder; a missing file's id is available.

        Raises:
            BundleError: Another bundle has the id; the metadata contain its name.
        """
        holder = self._served.get(generator_id, (None, name))[1]
        if generator_id in self._fixed:
            holder = "a bundle from outside the folder"
        elif holder == name or not exists(holder):
            return
        raise BundleError(
            f"{name} has the same id {generator_id!r} as {holder}, which continues to serve; "
            "change the id of one of them, or remove it.",
            metadata={"generator_id": generator_id, _HOLDER: holder},
        )

    def serve(self, name: str, size: int, generator: SequenceGenerator) -> bool:
        """Serve a file's generator, replacing any earlier generator of the file.

        Returns:
            Whether an id has become available.
        """
        freed = self._drop(name, keep=generator.info.id)
        self._served[generator.info.id] = generator, name
        self.put(BundleRecord(name, size, BundleStatus.READY, "", generator.info.id))
        return freed

    def remove(self, name: str) -> str:
        """Remove a file that was deleted.

        Returns:
            Id of the generator that was removed with it; empty if there was none.
        """
        record = self._records.pop(name, None)
        return record.generator_id if self._drop(name) and record is not None else ""

    def unload(self, generator_id: str) -> BundleRecord:
        """Unload a generator of the folder.

        Raises:
            UnsupportedError: The generator does not come from the folder.
            NotFoundError: No generator has that id.
        """
        metadata = {"generator_id": generator_id}
        if generator_id in self._fixed:
            raise UnsupportedError(
                f"The generator {generator_id!r} does not come from the bundle folder and "
                "serves as long as the server runs.",
                field="generator_id",
                metadata=metadata,
            )
        found = self._find(generator_id)
        if found is None:
            raise NotFoundError(
                f"There is no generator {generator_id!r}.", field="generator_id", metadata=metadata
            )
        self._drop(found.name)
        record = replace(found, status=BundleStatus.UNLOADED, status_message="", conflicts=False)
        self.put(record)
        return record

    def id_of(self, name: str) -> str:
        """Return the id of a file's generator; empty if it does not serve."""
        return next((key for key, (_, held) in self._served.items() if held == name), "")

    def entries(self) -> list[Entry]:
        """Return the registry's entries: generators that serve, then those loading or failed."""
        table = {
            generator_id: Entry(
                generator_id, GeneratorStatus.READY, self._stale_message(name), generator
            )
            for generator_id, (generator, name) in self._served.items()
        }
        table.update(self._fixed)
        for record in self.records():
            if record.status in (BundleStatus.LOADING, BundleStatus.FAILED):
                status = GeneratorStatus[record.status.name]
                entry = Entry(record.generator_id, status, record.status_message)
                table.setdefault(record.generator_id, entry)
        return list(table.values())

    def _stale_message(self, name: str) -> str:
        record = self._records.get(name)
        if record is None or record.status is not BundleStatus.FAILED:
            return ""
        reason = record.status_message
        return f"The file has changed and failed to load; the earlier bundle serves. {reason}"

    def _find(self, generator_id: str) -> BundleRecord | None:
        if generator_id in self._served:
            return self._records[self._served[generator_id][1]]
        matches = (
            record
            for record in self.records()
            if record.generator_id == generator_id and record.status is not BundleStatus.UNLOADED
        )
        return next(matches, None)

    def _drop(self, name: str, keep: str = "") -> bool:
        """Remove the generators of a file except one; return whether there were any."""
        dropped = [key for key, (_, held) in self._served.items() if held == name and key != keep]
        for generator_id in dropped:
            del self._served[generator_id]
        return bool(dropped)
