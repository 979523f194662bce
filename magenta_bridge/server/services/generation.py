"""The servicer of ``magenta_bridge.v1.GenerationService``."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING

from magenta_bridge.generators.generate_request import (
    GenerateRequestPlan,
    VariationChunk,
    read_request,
)
from magenta_bridge.generators.registry import GeneratorRegistry
from magenta_bridge.limits import MESSAGE_BYTES, check_limit
from magenta_bridge.server.rpc.call import Call
from magenta_bridge.server.services.pagination import cut_page
from magenta_bridge.server.services.request_cache import RequestCache
from magenta_bridge.server.workers.pool import WorkerPool
from magenta_bridge.v1 import generation_pb2 as pb

if TYPE_CHECKING:
    from magenta_bridge.server.telemetry.metrics import Metrics


class GenerationService:
    """Implements the rpcs; ``Boundary`` converts the errors it raises to statuses.

    The methods receive a ``Call`` in place of gRPC's context, so that they also serve HTTP.

    Args:
        registry: The generators to serve.
        workers: The threads that run the generators.
        metrics: Counts the generated music; None to count nothing.
    """

    def __init__(
        self, registry: GeneratorRegistry, workers: WorkerPool, metrics: Metrics | None = None
    ) -> None:
        self._registry = registry
        self._workers = workers
        self._metrics = metrics
        self._cache: RequestCache[pb.GenerateResponse] = RequestCache()

    async def ListGenerators(  # noqa: N802 - the rpc's name
        self,
        request: pb.ListGeneratorsRequest,
        call: Call,  # noqa: ARG002
    ) -> pb.ListGeneratorsResponse:
        """Return a page of generators."""
        entries = {entry.id: entry for entry in self._registry.entries()}
        page, next_token = cut_page(list(entries), request.page_size, request.page_token)
        return pb.ListGeneratorsResponse(
            generators=[entries[name].info.to_message() for name in page],
            next_page_token=next_token,
        )

    async def GetGenerator(  # noqa: N802 - the rpc's name
        self,
        request: pb.GetGeneratorRequest,
        call: Call,  # noqa: ARG002
    ) -> pb.GetGeneratorResponse:
        """Return one generator."""
        entry = self._registry.entry(request.generator_id)
        return pb.GetGeneratorResponse(generator=entry.info.to_message())

    async def Generate(  # noqa: N802 - the rpc's name
        self, request: pb.GenerateRequest, call: Call
    ) -> pb.GenerateResponse:
        """Return all variations; a repeated request gets the cached response."""
        return await self._cache.get(call, request, lambda: self._generate(request, call))

    async def _generate(self, request: pb.GenerateRequest, call: Call) -> pb.GenerateResponse:
        plan = read_request(self._registry, request)
        response = pb.GenerateResponse(seed=plan.seed)
        for _ in plan.options:
            response.sequences.add()
        size = 0
        async with contextlib.aclosing(self._run(plan, call)) as chunks:
            async for chunk in chunks:
                size += chunk.notes.ByteSize()
                check_limit(MESSAGE_BYTES, size, where="response", field="variations")
                response.sequences[chunk.variation].MergeFrom(chunk.notes)
                response.notices.extend(notice.to_message() for notice in chunk.notices)
        return response

    async def StreamGenerate(  # noqa: N802 - the rpc's name
        self, request: pb.StreamGenerateRequest, call: Call
    ) -> AsyncGenerator[pb.StreamGenerateResponse, None]:
        """Yield the variations chunk by chunk."""
        plan = read_request(self._registry, request)
        async with contextlib.aclosing(self._run(plan, call)) as chunks:
            async for chunk in chunks:
                yield pb.StreamGenerateResponse(
                    variation=chunk.variation,
                    chunk=chunk.notes,
                    complete_until=chunk.complete_until,
                    last=chunk.last,
                    seed=plan.seed,
                    notices=[notice.to_message() for notice in chunk.notices],
                )

    async def _run(
        self, plan: GenerateRequestPlan, call: Call
    ) -> AsyncGenerator[VariationChunk, None]:
        """Yield the chunks of a request, each counted before it is yielded."""
        chunks = self._workers.iterate(
            plan.run, seconds=call.time_remaining(), account=call.account, music=plan.music
        )
        made = 0.0
        async with contextlib.aclosing(chunks):
            async for chunk in chunks:
                if self._metrics is not None:
                    before, made = made, max(made, plan.music(chunk))
                    notes = len(chunk.notes.notes)
                    self._metrics.wrote(plan.generator.info.id, notes, made - before)
                yield chunk
