"""Generators in this process, with the methods of ``client.Client``."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from magenta_bridge.arguments import ArgumentValue
from magenta_bridge.client.request import GenerateMethods
from magenta_bridge.description import GeneratorInfo, Notice
from magenta_bridge.generators.generate_request import read_request
from magenta_bridge.generators.generator import never_interrupt
from magenta_bridge.generators.loading import find_bundle_file, load_generator
from magenta_bridge.generators.registry import GeneratorRegistry
from magenta_bridge.noteseq import NoteSequence
from magenta_bridge.v1 import generation_pb2 as pb


def load(bundle: str | os.PathLike[str]) -> Generator:
    """Load a generator into this process.

    Args:
        bundle: A ``.mag`` file, or the id of a shipped bundle such as ``lstm_melody``.

    Raises:
        NotFoundError: There is neither such a file nor such a shipped bundle.
        BundleError: The bundle is damaged, or this version cannot use it.
    """
    generator = load_generator(find_bundle_file(str(Path(bundle).expanduser())))
    return Generator(LocalClient(GeneratorRegistry([generator])), generator.info)


class LocalClient(
    GenerateMethods[NoteSequence, list[NoteSequence], Iterator[NoteSequence]],
):
    """The generators of several bundles in this process.

    Threading: safe from any number of threads.

    Args:
        registry: The generators.
    """

    def __init__(self, registry: GeneratorRegistry) -> None:
        self._registry = registry

    def generators(self) -> list[GeneratorInfo]:
        """Return the generators, by id in alphabetical order."""
        return [entry.info for entry in self._registry.entries()]

    def generator(self, generator_id: str) -> GeneratorInfo:
        """Return one generator.

        Raises:
            NotFoundError: There is no generator of that id.
        """
        return self._registry.entry(generator_id).info

    def _generate(self, request: pb.GenerateRequest, notices: list[Notice] | None) -> NoteSequence:
        return self._variations(request, notices)[0]

    def _variations(
        self, request: pb.GenerateRequest, notices: list[Notice] | None
    ) -> list[NoteSequence]:
        plan = read_request(self._registry, request)
        sequences = [NoteSequence() for _ in plan.options]
        for piece in plan.run(never_interrupt):
            sequences[piece.variation].MergeFrom(piece.notes)
            if notices is not None:
                notices.extend(piece.notices)
        return sequences

    def _stream(
        self, request: pb.StreamGenerateRequest, notices: list[Notice] | None
    ) -> Iterator[NoteSequence]:
        for piece in read_request(self._registry, request).run(never_interrupt):
            if notices is not None:
                notices.extend(piece.notices)
            if not piece.last:
                yield piece.notes


class Generator:
    """A generator in this process, as ``load`` returns it.

    ``generate``, ``variations`` and ``stream`` are those of ``Client``, without the generator's
    id.

    Threading: safe from any number of threads.

    Attributes:
        info: Its description and its table of arguments.
    """

    def __init__(self, client: LocalClient, info: GeneratorInfo) -> None:
        self._client = client
        self.info = info

    def __repr__(self) -> str:
        return f"<Generator {self.info.id}: {self.info.description}>"

    def generate(
        self,
        *,
        primer: NoteSequence | None = None,
        bars: float | None = None,
        start: float | None = None,
        end: float | None = None,
        seed: int | None = None,
        notices: list[Notice] | None = None,
        **arguments: ArgumentValue,
    ) -> NoteSequence:
        """Generate new music, as ``Client.generate`` does."""
        return self._client.generate(
            self.info.id,
            primer=primer, bars=bars, start=start, end=end, seed=seed, notices=notices, **arguments,
        )  # fmt: skip

    def variations(
        self,
        count: int,
        *,
        primer: NoteSequence | None = None,
        bars: float | None = None,
        start: float | None = None,
        end: float | None = None,
        seed: int | None = None,
        notices: list[Notice] | None = None,
        **arguments: ArgumentValue,
    ) -> list[NoteSequence]:
        """Generate several variations, as ``Client.variations`` does."""
        return self._client.variations(
            self.info.id, count,
            primer=primer, bars=bars, start=start, end=end, seed=seed, notices=notices, **arguments,
        )  # fmt: skip

    def stream(
        self,
        *,
        primer: NoteSequence | None = None,
        bars: float | None = None,
        start: float | None = None,
        end: float | None = None,
        seed: int | None = None,
        notices: list[Notice] | None = None,
        **arguments: ArgumentValue,
    ) -> Iterator[NoteSequence]:
        """Generate new music piece by piece, as ``Client.stream`` does."""
        return self._client.stream(
            self.info.id,
            primer=primer, bars=bars, start=start, end=end, seed=seed, notices=notices, **arguments,
        )  # fmt: skip
