"""The generators one process serves, by id."""

from __future__ import annotations

from collections.abc import Iterable

from magenta_bridge.errors import InvalidArgumentError, NotFoundError
from magenta_bridge.generators.generator import SequenceGenerator


class GeneratorRegistry:
    """A read-only table of generators.

    Threading: safe from any thread, since nothing changes after construction.

    Args:
        generators: The generators to serve; their ids must differ.

    Raises:
        InvalidArgumentError: Two generators bear the same id.
    """

    def __init__(self, generators: Iterable[SequenceGenerator]) -> None:
        self._by_id: dict[str, SequenceGenerator] = {}
        for generator in generators:
            if generator.info.id in self._by_id:
                raise InvalidArgumentError(
                    f"Two bundles are both called {generator.info.id!r}; serve one of them."
                )
            self._by_id[generator.info.id] = generator

    def __len__(self) -> int:
        return len(self._by_id)

    def list(self) -> list[SequenceGenerator]:
        """Returns all generators, by id in alphabetical order."""
        return [self._by_id[name] for name in sorted(self._by_id)]

    def get(self, generator_id: str) -> SequenceGenerator:
        """Returns the generator of that id.

        Raises:
            NotFoundError: There is none; the message names those there are.
        """
        try:
            return self._by_id[generator_id]
        except KeyError:
            known = ", ".join(sorted(self._by_id)) or "none at all"
            raise NotFoundError(
                f"There is no generator {generator_id!r}; this server has {known}.",
                field="generator_id",
                metadata={"generator_id": generator_id},
            ) from None
