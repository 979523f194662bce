"""The generators one process serves, by id."""

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
        status: How it stands.
        message: What there is to say of that; empty for nothing.
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
    """A table of generators that is read while it is changed.

    Threading: safe from any thread. A change makes a new table in one assignment; who read the
    old one goes on with its generators, which are freed when the last reader lets go of them.

    Args:
        generators: The generators to serve, ready; their ids must differ.

    Raises:
        InvalidArgumentError: Two generators bear the same id.
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
        """Returns the whole table, by id in alphabetical order."""
        table = self._table
        return [table[name] for name in sorted(table)]

    def list(self) -> list[SequenceGenerator]:
        """Returns all generators that are ready, by id in alphabetical order."""
        return [entry.generator for entry in self.entries() if entry.generator is not None]

    def get(self, generator_id: str) -> SequenceGenerator:
        """Returns the generator of that id.

        Raises:
            NotFoundError: There is none; the message names those there are.
            ServerUnavailableError: It is still being loaded.
            BundleError: It could not be loaded; the message says why.
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
        """Returns the row of that id.

        Raises:
            NotFoundError: There is none; the message names those there are.
            ServerUnavailableError: The table is not complete yet.
        """
        table = self._table
        found = table.get(generator_id)
        if found is not None:
            return found
        if not self._complete.is_set():
            raise ServerUnavailableError("The server is still starting; try again in a moment.")
        known = ", ".join(sorted(table)) or "none at all"
        raise NotFoundError(
            f"There is no generator {generator_id!r}; this server has {known}.",
            field="generator_id",
            metadata={"generator_id": generator_id},
        )

    def replace(self, entries: Iterable[Entry], *, complete: bool = True) -> None:
        """Puts another table in the place of this one.

        Args:
            entries: Its rows; their ids differ.
            complete: Whether these are all; until then, an id that is missing may yet come.
        """
        self._table = {entry.id: entry for entry in entries}
        if complete:
            self._complete.set()
        else:
            self._complete.clear()
