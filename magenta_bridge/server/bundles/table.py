"""What is known of every bundle, and the table of generators that follows from it."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Final

from magenta_bridge.errors import BundleError, InvalidArgumentError, NotFoundError, UnsupportedError
from magenta_bridge.generators.generator import SequenceGenerator
from magenta_bridge.generators.registry import Entry, GeneratorStatus


class BundleStatus(enum.Enum):
    """What became of a bundle."""

    READY = "READY"
    LOADING = "LOADING"
    FAILED = "FAILED"
    UNLOADED = "UNLOADED"


@dataclass(frozen=True)
class BundleRecord:
    """A file of the folder.

    Attributes:
        name: Its name, without the folder.
        size: Bytes.
        generator_id: Id of its generator; of an unreadable file, the name without the ending.
        status: What became of it.
        message: What there is to say of that; empty for nothing.
        clashes: Whether it failed because its id belongs to another.
    """

    name: str
    size: int
    generator_id: str
    status: BundleStatus
    message: str = ""
    clashes: bool = False


@dataclass(frozen=True)
class _Served:
    """A generator that serves, and the file it came from; empty for none of the folder."""

    generator: SequenceGenerator
    name: str = ""


_NOBODY: Final = Entry("", GeneratorStatus.FAILED)
_HOLDER: Final = "held_by"


def is_clash(error: Exception) -> bool:
    """Returns whether a bundle was refused because its id belongs to another."""
    return isinstance(error, BundleError) and _HOLDER in error.metadata


class BundleTable:
    """Keeps the records and who serves.

    Threading: one event loop uses it.

    Args:
        fixed: Entries of generators that are no file of the folder.
    """

    def __init__(self, fixed: Iterable[Entry] = ()) -> None:
        self._fixed = {entry.id: entry for entry in fixed}
        self._served: dict[str, _Served] = {}
        self._records: dict[str, BundleRecord] = {}

    def records(self) -> list[BundleRecord]:
        """Returns all records, by name in alphabetical order."""
        return [self._records[name] for name in sorted(self._records)]

    def record(self, name: str) -> BundleRecord | None:
        """Returns the record of a file; None when there is none."""
        return self._records.get(name)

    def note(self, record: BundleRecord) -> None:
        """Puts a record in the place of an older one of that name."""
        self._records[record.name] = record

    def restore(self, name: str, record: BundleRecord | None) -> None:
        """Puts back what was known of a file before."""
        if record is None:
            self._records.pop(name, None)
        else:
            self._records[name] = record

    def expect_fixed(self, generator_id: str, message: str) -> None:
        """Notes that a generator is being loaded that is no file of the folder."""
        entry = Entry(generator_id, GeneratorStatus.LOADING, message)
        self._fixed.setdefault(generator_id, entry)

    def serve_fixed(self, expected_id: str, generator: SequenceGenerator) -> None:
        """Has a generator serve that is no file of the folder.

        Args:
            expected_id: The id that it was expected under.
            generator: The generator.

        Raises:
            InvalidArgumentError: Another one serves under its id.
        """
        generator_id = generator.info.id
        if self._fixed.get(expected_id, _NOBODY).generator is None:
            self._fixed.pop(expected_id, None)
        if generator_id in self._fixed:
            raise InvalidArgumentError(
                f"Two bundles are both called {generator_id!r}; serve one of them."
            )
        self._fixed[generator_id] = Entry(generator_id, GeneratorStatus.READY, generator=generator)

    def check_free(self, generator_id: str, name: str, is_there: Callable[[str], bool]) -> None:
        """Makes sure that a file may serve under an id.

        Args:
            generator_id: The id.
            name: The file.
            is_there: Says whether a file is still in the folder; one that is not may be succeeded.

        Raises:
            BundleError: Another one serves under it; its metadata name the holder.
        """
        holder = self._served.get(generator_id)
        if generator_id in self._fixed:
            other = "a bundle from outside the folder"
        elif holder is not None and holder.name != name and is_there(holder.name):
            other = holder.name
        else:
            return
        raise BundleError(
            f"{name} is called {generator_id!r} as {other} is, which goes on serving; give one "
            "of them another id, or take it away.",
            metadata={"generator_id": generator_id, _HOLDER: other},
        )

    def serve(self, name: str, size: int, generator: SequenceGenerator) -> bool:
        """Has a file's generator serve from now on, in place of any older one of the file.

        Returns:
            Whether an id has become free by it.
        """
        freed = self._drop(name, but=generator.info.id)
        self._served[generator.info.id] = _Served(generator, name)
        self.note(BundleRecord(name, size, generator.info.id, BundleStatus.READY))
        return freed

    def forget(self, name: str) -> str:
        """Lets go of a file that is gone.

        Returns:
            Id of the generator that went with it; empty when none did.
        """
        record = self._records.pop(name, None)
        return record.generator_id if self._drop(name) and record is not None else ""

    def unload(self, generator_id: str) -> BundleRecord:
        """Takes a generator of the folder out of service.

        Raises:
            UnsupportedError: It is no generator of the folder.
            NotFoundError: There is none of that id.
        """
        if generator_id in self._fixed:
            raise UnsupportedError(
                f"The generator {generator_id!r} does not come from the bundle folder and "
                "serves as long as the server runs.",
                field="generator_id",
                metadata={"generator_id": generator_id},
            )
        record = self._records[self._file_of(generator_id)]
        self._drop(record.name)
        record = replace(record, status=BundleStatus.UNLOADED, message="", clashes=False)
        self.note(record)
        return record

    def id_of(self, name: str) -> str:
        """Returns the id that a file serves under; empty when it does not."""
        return next((key for key, held in self._served.items() if held.name == name), "")

    def entries(self) -> list[Entry]:
        """Returns the table of generators: those that serve, then who else has something to say."""
        table = {
            generator_id: Entry(
                generator_id, GeneratorStatus.READY, self._reservation(held.name), held.generator
            )
            for generator_id, held in self._served.items()
        }
        table.update(self._fixed)
        for record in self.records():
            if record.status in (BundleStatus.LOADING, BundleStatus.FAILED):
                status = GeneratorStatus[record.status.name]
                entry = Entry(record.generator_id, status, record.message)
                table.setdefault(record.generator_id, entry)
        return list(table.values())

    def _reservation(self, name: str) -> str:
        record = self._records.get(name)
        if record is None or record.status is not BundleStatus.FAILED:
            return ""
        return f"The bundle loaded before serves; its file has changed since. {record.message}"

    def _file_of(self, generator_id: str) -> str:
        if generator_id in self._served:
            return self._served[generator_id].name
        for record in self.records():
            if record.generator_id == generator_id and record.status is not BundleStatus.UNLOADED:
                return record.name
        raise NotFoundError(
            f"There is no generator {generator_id!r}.",
            field="generator_id",
            metadata={"generator_id": generator_id},
        )

    def _drop(self, name: str, but: str = "") -> bool:
        dropped = [
            generator_id
            for generator_id, held in self._served.items()
            if held.name == name and generator_id != but
        ]
        for generator_id in dropped:
            del self._served[generator_id]
        return bool(dropped)
