"""The servicer of ``magenta_bridge.v1.GenerationService``."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator
from typing import Protocol

from magenta_bridge.generators.registry import GeneratorRegistry
from magenta_bridge.limits import MESSAGE_BYTES, check_limit
from magenta_bridge.server.rpc.call import Call
from magenta_bridge.server.services.generate_request import GenerateRequestPlan, Piece, read_order
from magenta_bridge.server.services.messages import describe_entry
from magenta_bridge.server.services.pagination import cut_page
from magenta_bridge.server.services.request_cache import Repeats
from magenta_bridge.server.workers.pool import WorkerPool
from magenta_bridge.v1 import generation_pb2 as pb


class PieceObserver(Protocol):
    """Hears of the music that is written."""

    def wrote(self, generator_id: str, notes: int, seconds: float) -> None:
        """Hears of one piece; each variation ends with one that has no notes.

        Args:
            generator_id: Who wrote it.
            notes: How many new notes it has.
            seconds: By how much music, in seconds, the variation has grown.
        """


async def tell_pieces(
    pieces: AsyncGenerator[Piece, None], order: GenerateRequestPlan, observer: PieceObserver
) -> AsyncGenerator[Piece, None]:
    """Yields the pieces of an order, and tells of each before it is handed on.

    Closing this iterator closes ``pieces``.

    Args:
        pieces: What the order's work yields.
        order: What was asked for.
        observer: Who hears of it.
    """
    generator_id = order.generator.info.id
    variation, complete = -1, 0.0
    async with contextlib.aclosing(pieces):
        async for piece in pieces:
            if piece.variation != variation:
                variation = piece.variation
                complete = order.options[variation].generate_sections[0].start_time
            grown = piece.complete_until - complete
            complete = piece.complete_until
            observer.wrote(generator_id, len(piece.chunk.notes), grown)
            yield piece


class GenerationService:
    """Answers the calls; ``Boundary`` turns what it raises into statuses.

    Its methods are given a ``Call`` where gRPC would give its context, so that they serve calls
    that come another way as well.

    Args:
        registry: The generators to serve.
        workers: The threads that do the work.
        observer: Who hears of the music that is written.
    """

    def __init__(
        self,
        registry: GeneratorRegistry,
        workers: WorkerPool,
        observer: PieceObserver | None = None,
    ) -> None:
        self._registry = registry
        self._workers = workers
        self._observer = observer
        self._repeats: Repeats[pb.GenerateResponse] = Repeats()

    async def ListGenerators(  # noqa: N802 - the rpc's name
        self,
        request: pb.ListGeneratorsRequest,
        call: Call,  # noqa: ARG002
    ) -> pb.ListGeneratorsResponse:
        """Returns a page of generators."""
        entries = {entry.id: entry for entry in self._registry.entries()}
        page, next_token = cut_page(list(entries), request.page_size, request.page_token)
        return pb.ListGeneratorsResponse(
            generators=[describe_entry(entries[name]) for name in page],
            next_page_token=next_token,
        )

    async def GetGenerator(  # noqa: N802 - the rpc's name
        self,
        request: pb.GetGeneratorRequest,
        call: Call,  # noqa: ARG002
    ) -> pb.GetGeneratorResponse:
        """Returns one generator."""
        entry = self._registry.entry(request.generator_id)
        return pb.GetGeneratorResponse(generator=describe_entry(entry))

    async def Generate(  # noqa: N802 - the rpc's name
        self, request: pb.GenerateRequest, call: Call
    ) -> pb.GenerateResponse:
        """Returns all variations whole; a request that is sent again is not worked on again."""
        return await self._repeats.answer(call, request, lambda: self._generate(request, call))

    async def _generate(self, request: pb.GenerateRequest, call: Call) -> pb.GenerateResponse:
        order = read_order(self._registry, request)
        response = pb.GenerateResponse(seed=order.seed)
        for _ in order.options:
            response.sequences.add()
        size = 0
        async with contextlib.aclosing(self._work(order, call)) as pieces:
            async for piece in pieces:
                size += piece.chunk.ByteSize()
                check_limit(MESSAGE_BYTES, size, where="response", field="variations")
                response.sequences[piece.variation].MergeFrom(piece.chunk)
        return response

    async def StreamGenerate(  # noqa: N802 - the rpc's name
        self, request: pb.StreamGenerateRequest, call: Call
    ) -> AsyncGenerator[pb.StreamGenerateResponse, None]:
        """Yields the variations piece by piece."""
        order = read_order(self._registry, request)
        async with contextlib.aclosing(self._work(order, call)) as pieces:
            async for piece in pieces:
                yield pb.StreamGenerateResponse(
                    variation=piece.variation,
                    chunk=piece.chunk,
                    complete_until=piece.complete_until,
                    last=piece.last,
                    seed=order.seed,
                )

    def _work(self, order: GenerateRequestPlan, call: Call) -> AsyncGenerator[Piece, None]:
        pieces = self._workers.iterate(
            order.run, seconds=call.time_remaining(), account=call.account, music=order.music
        )
        return pieces if self._observer is None else tell_pieces(pieces, order, self._observer)
