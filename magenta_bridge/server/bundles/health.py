"""Health of the server as a whole and of each generator, as ``grpc.health.v1`` tells it."""

from __future__ import annotations

import asyncio
from typing import Any, Final

import grpc
from grpc_health.v1 import health, health_pb2

from magenta_bridge.generators.registry import GeneratorRegistry, GeneratorStatus

MODELS: Final = "magenta_bridge.v1.models/"

_Answer = health_pb2.HealthCheckResponse


class ModelHealth(health.aio.HealthServicer):  # type: ignore[misc] # it has no types
    """Knows a service ``magenta_bridge.v1.models/ID`` for each generator beside the server's own.

    SERVING when the generator is ready, NOT_SERVING while it is loading or when it failed.

    Threading: one event loop uses it.
    """

    def __init__(self) -> None:
        super().__init__()
        self._shown: dict[str, int] = {}
        self._showing = asyncio.Lock()

    async def Check(  # noqa: N802 - the rpc's name
        self,
        request: health_pb2.HealthCheckRequest,
        context: Any,  # noqa: ANN401 - a grpc.aio.ServicerContext, whose stubs want arguments
    ) -> health_pb2.HealthCheckResponse:
        """Answers for one service; NOT_FOUND also for a generator that there was once."""
        answer = await super().Check(request, context)
        if answer.status == _Answer.SERVICE_UNKNOWN:
            await context.abort(grpc.StatusCode.NOT_FOUND)
        return answer

    async def show(self, registry: GeneratorRegistry) -> None:
        """Tells how the generators of a registry stand now."""
        async with self._showing:
            now = {
                MODELS + entry.id: _Answer.SERVING
                if entry.status is GeneratorStatus.READY
                else _Answer.NOT_SERVING
                for entry in registry.entries()
            }
            gone = dict.fromkeys(self._shown.keys() - now.keys(), _Answer.SERVICE_UNKNOWN)
            for service, status in (gone | now).items():
                if self._shown.get(service) != status:
                    await self.set(service, status)
                    self._shown[service] = status
            for service in gone:
                del self._shown[service]

    async def enter_graceful_shutdown(self) -> None:
        """Says NOT_SERVING of everything from now on."""
        # No service may be added while it goes through them.
        async with self._showing:
            await super().enter_graceful_shutdown()
