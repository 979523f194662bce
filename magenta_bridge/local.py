"""Where music comes from: generators in this process, or those of a running server."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from magenta_bridge.client import generator as remote
from magenta_bridge.generators.arguments import Argument, ArgumentType
from magenta_bridge.generators.generator import Capability, GeneratorInfo

if TYPE_CHECKING:
    from magenta_bridge.cli.options.client import RunningServer
    from magenta_bridge.client import Client
    from magenta_bridge.generators.arguments import ArgumentValue
    from magenta_bridge.generators.generator import GeneratorInfo
    from magenta_bridge.generators.registry import GeneratorRegistry
    from magenta_bridge.noteseq import NoteSequence


def as_info(generator: remote.Generator) -> GeneratorInfo:
    """Returns the description; capabilities of a newer server, unknown here, are left out.

    Of a generator that is not ready, the description says why.
    """
    known = {capability.value for capability in Capability}
    return GeneratorInfo(
        id=generator.id,
        description=generator.description or generator.status_message,
        family=generator.family,
        encoding=generator.encoding,
        capabilities=tuple(Capability(name) for name in generator.capabilities if name in known),
        arguments=tuple(_as_argument(row) for row in generator.arguments),
        steps_per_quarter=generator.steps_per_quarter,
    )


def _as_argument(row: remote.Argument) -> Argument:
    default = row.default
    if isinstance(default, float):
        # It traveled with 24 bits: the shortest number with the same ones was meant.
        default = float(f"{default:.7g}")
    return Argument(
        name=row.name,
        type=ArgumentType[row.type.name],
        default=default,
        help=row.help,
        minimum=row.minimum,
        maximum=row.maximum,
        unit=row.unit,
    )


class Source(Protocol):
    """Something that generates."""

    def generators(self) -> list[GeneratorInfo]:
        """Returns what it has, by id in alphabetical order."""

    def generator(self, generator_id: str) -> GeneratorInfo:
        """Returns one of them.

        Raises:
            NotFoundError: There is no such generator.
        """

    def generate(
        self,
        generator_id: str,
        primer: NoteSequence,
        section: tuple[float, float],
        arguments: Mapping[str, ArgumentValue],
    ) -> NoteSequence:
        """Returns new music for a section of the primer's timeline.

        Args:
            generator_id: Which generator.
            primer: The music so far; without notes when there is none.
            section: Start and end of what is wanted, in seconds.
            arguments: Values by name, ``seed`` among them.
        """


class LocalSource:
    """The generators of bundles, run in this process."""

    def __init__(self, registry: GeneratorRegistry) -> None:
        self._registry = registry

    def generators(self) -> list[GeneratorInfo]:
        """Returns all, by id."""
        return [generator.info for generator in self._registry.list()]

    def generator(self, generator_id: str) -> GeneratorInfo:
        """Returns one; raises NotFoundError when there is none."""
        return self._registry.get(generator_id).info

    def generate(
        self,
        generator_id: str,
        primer: NoteSequence,
        section: tuple[float, float],
        arguments: Mapping[str, ArgumentValue],
    ) -> NoteSequence:
        """Generates; arguments as in ``Source``."""
        from magenta_bridge.generators.arguments import write_argument
        from magenta_bridge.noteseq import GeneratorOptions

        options = GeneratorOptions()
        options.generate_sections.add(start_time=section[0], end_time=section[1])
        for name, value in arguments.items():
            write_argument(options, name, value)
        return self._registry.get(generator_id).generate(primer, options)


class ServerSource:
    """The generators of a running server."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def generators(self) -> list[GeneratorInfo]:
        """Returns all, by id."""
        from magenta_bridge.local import as_info

        return [as_info(found) for found in self._client.generators()]

    def generator(self, generator_id: str) -> GeneratorInfo:
        """Returns one; raises NotFoundError when there is none."""
        from magenta_bridge.local import as_info

        return as_info(self._client.generator(generator_id))

    def generate(
        self,
        generator_id: str,
        primer: NoteSequence,
        section: tuple[float, float],
        arguments: Mapping[str, ArgumentValue],
    ) -> NoteSequence:
        """Generates; arguments as in ``Source``."""
        start, end = section
        # Any: the seed goes to a parameter of its own, the rest to the generator.
        values: dict[str, Any] = dict(arguments)
        return self._client.generate(generator_id, primer=primer, start=start, end=end, **values)


@contextlib.contextmanager
def open_source(server: RunningServer | None, bundles: Sequence[Path] = ()) -> Iterator[Source]:
    """Opens a running server, or loads bundles here.

    Args:
        server: A server; None to generate in this process.
        bundles: ``.mag`` files to load here; the shipped ones when empty.

    Raises:
        ServerUnavailableError: No server answers.
        BundleError: A bundle cannot be used.
    """
    if server is None:
        from magenta_bridge.generators.loading import load_registry

        yield LocalSource(load_registry(list(bundles) or None))
        return
    with server.connect() as client:
        yield ServerSource(client)
