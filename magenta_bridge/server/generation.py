"""The servicer of ``magenta_bridge.v1.GenerationService``."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator
from typing import Any

from magenta_bridge.generators.registry import GeneratorRegistry
from magenta_bridge.limits import MESSAGE_BYTES, REQUEST_SECONDS, check_limit
from magenta_bridge.server.description import describe_generator
from magenta_bridge.server.order import Order, Piece, read_order
from magenta_bridge.server.pages import cut_page
from magenta_bridge.server.workers import WorkerPool
from magenta_bridge.v1 import generation_pb2 as pb
from magenta_bridge.v1 import generation_pb2_grpc

_Context = Any  # grpc.aio.ServicerContext; its stubs want type arguments, its class takes none


class GenerationService(generation_pb2_grpc.GenerationServiceServicer):
    """Answers the calls; ``BoundaryInterceptor`` turns what it raises into statuses.

    Args:
        registry: The generators to serve.
        workers: The threads that do the work.
    """

    def __init__(self, registry: GeneratorRegistry, workers: WorkerPool) -> None:
        self._registry = registry
        self._workers = workers

    async def ListGenerators(  # noqa: N802 - the rpc's name
        self,
        request: pb.ListGeneratorsRequest,
        context: _Context,  # noqa: ARG002
    ) -> pb.ListGeneratorsResponse:
        """Returns a page of generators."""
        ids = [generator.info.id for generator in self._registry.list()]
        page, next_token = cut_page(ids, request.page_size, request.page_token)
        return pb.ListGeneratorsResponse(
            generators=[describe_generator(self._registry.get(name).info) for name in page],
            next_page_token=next_token,
        )

    async def GetGenerator(  # noqa: N802 - the rpc's name
        self,
        request: pb.GetGeneratorRequest,
        context: _Context,  # noqa: ARG002
    ) -> pb.GetGeneratorResponse:
        """Returns one generator."""
        info = self._registry.get(request.generator_id).info
        return pb.GetGeneratorResponse(generator=describe_generator(info))

    async def Generate(  # noqa: N802 - the rpc's name
        self, request: pb.GenerateRequest, context: _Context
    ) -> pb.GenerateResponse:
        """Returns all variations whole."""
        order = read_order(self._registry, request)
        response = pb.GenerateResponse(seed=order.seed)
        for _ in order.options:
            response.sequences.add()
        size = 0
        async with contextlib.aclosing(self._work(order, context)) as pieces:
            async for piece in pieces:
                size += piece.chunk.ByteSize()
                check_limit(MESSAGE_BYTES, size, where="response", field="variations")
                response.sequences[piece.variation].MergeFrom(piece.chunk)
        return response

    async def StreamGenerate(  # noqa: N802 - the rpc's name
        self, request: pb.StreamGenerateRequest, context: _Context
    ) -> AsyncGenerator[pb.StreamGenerateResponse, None]:
        """Yields the variations piece by piece."""
        order = read_order(self._registry, request)
        async with contextlib.aclosing(self._work(order, context)) as pieces:
            async for piece in pieces:
                yield pb.StreamGenerateResponse(
                    variation=piece.variation,
                    chunk=piece.chunk,
                    complete_until=piece.complete_until,
                    last=piece.last,
                    seed=order.seed,
                )

    def _work(self, order: Order, context: _Context) -> AsyncGenerator[Piece, None]:
        remaining = context.time_remaining()
        seconds = float(REQUEST_SECONDS.value) if remaining is None else remaining
        return self._workers.iterate(order.run, seconds=seconds)
