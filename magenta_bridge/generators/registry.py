"""The generators of one process, by id."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from magenta_bridge.description import GeneratorInfo, GeneratorStatus
from magenta_bridge.errors import (
    BundleError,
    InvalidArgumentError,
    NotFoundError,
    ServerUnavailableError,
)
from magenta_bridge.generators.generator import SequenceGenerator


@dataclass(frozen=True)
class Entry:
    """A row of the table.

    Attributes:
        id: Id of the generator.
        status: Its state.
        message: Details of the state; empty for none.
        generator: The generator; None unless it is ready.
    """

    id: str
    status: GeneratorStatus
    message: str = ""
    generator: SequenceGenerator | None = None

    @property
    def info(self) -> GeneratorInfo:
        """Description of the generator; only id and status unless it is ready."""
        known = GeneratorInfo(self.id) if self.generator is None else self.generator.info
        return replace(known, status=self.status, status_message=self.message)


class GeneratorRegistry:
    """A table of generators that may be read while it changes.

    Threading: safe from any thread. A change assigns a new table; readers of the old one keep
    its generators, which are freed when the last reader releases them.

    Args:
        generators: The generators, ready; their ids must differ.

    Raises:
        InvalidArgumentError: Two generators have the same id.
    """

    def __init__(self, generators: Iterable[SequenceGenerator] = ()) -> None:
        table: dict[str, Entry] = {}
        for generator in generators:
            name = generator.info.id
            if name in table:
                raise InvalidArgumentError(
                    f"Two bundles are both called {name!r}; serve one of them."
                )
            table[name] = Entry(name, GeneratorStatus.READY, generator=generator)
        self._table: Mapping[str, Entry] = table
        self._complete = threading.Event()
        self._complete.set()

    def __len__(self) -> int:
        return len(self.list())

    def entries(self) -> list[Entry]:
        """Return the whole table, by id in alphabetical order."""
        table = self._table
        return [table[name] for name in sorted(table)]

    def list(self) -> list[SequenceGenerator]:
        """Return all generators that are ready, by id in alphabetical order."""
        return [entry.generator for entry in self.entries() if entry.generator is not None]

    def get(self, generator_id: str) -> SequenceGenerator:
        """Return the generator of that id.

        Raises:
            NotFoundError: No generator has this id; the message lists the ids.
            ServerUnavailableError: It is still loading.
            BundleError: It could not be loaded; the message has the reason.
        """
        entry = self.entry(generator_id)
        if entry.generator is not None:
            return entry.generator
        metadata = {"generator_id": generator_id}
        if entry.status is GeneratorStatus.LOADING:
            raise ServerUnavailableError(
                f"The generator {generator_id!r} is still being loaded; try again in a moment.",
                field="generator_id",
                metadata=metadata,
            )
        raise BundleError(
            f"The generator {generator_id!r} cannot be used: {entry.message}",
            field="generator_id",
            metadata=metadata,
        )

    def entry(self, generator_id: str) -> Entry:
        """Return the row of that id.

        Raises:
            NotFoundError: No generator has this id; the message lists the ids.
            ServerUnavailableError: The table is not complete yet.
        """
        table = self._table
        found = table.get(generator_id)
        if found is not None:
            return found
        if not self._complete.is_set():
            raise ServerUnavailableError("The server is still starting; try again in a moment.")
        known = ", ".join(sorted(table)) or "none"
        raise NotFoundError(
            f"There is no generator {generator_id!r}; this server has {known}.",
            field="generator_id",
            metadata={"generator_id": generator_id},
        )

    def replace(self, entries: Iterable[Entry], *, complete: bool = True) -> None:
        """Replace the table.

        Args:
            entries: Its rows; their ids differ.
            complete: Whether these are all; until then, a missing id may still be added.
        """
        self._table = {entry.id: entry for entry in entries}
        if complete:
            self._complete.set()
        else:
            self._complete.clear()
