"""Health of the server and of each generator, as the service ``grpc.health.v1``."""

from __future__ import annotations

import asyncio
from typing import Any, Final

import grpc
from grpc_health.v1 import health, health_pb2

from magenta_bridge.description import GeneratorStatus
from magenta_bridge.generators.registry import GeneratorRegistry

MODELS: Final = "magenta_bridge.v1.models/"

_Response = health_pb2.HealthCheckResponse


class ModelHealth(health.aio.HealthServicer):  # type: ignore[misc] # it has no types
    """A health servicer with a service ``magenta_bridge.v1.models/ID`` for each generator.

    It is SERVING while the generator is ready, and NOT_SERVING while it is loading or has failed.

    Threading: call it on one event loop.
    """

    def __init__(self) -> None:
        super().__init__()
        self._published: dict[str, int] = {}
        self._publishing = asyncio.Lock()

    async def Check(  # noqa: N802 - the rpc's name
        self,
        request: health_pb2.HealthCheckRequest,
        context: Any,  # noqa: ANN401 - a grpc.aio.ServicerContext, whose stubs need arguments
    ) -> health_pb2.HealthCheckResponse:
        """Return the status of one service; NOT_FOUND also for a generator that was removed."""
        response = await super().Check(request, context)
        if response.status == _Response.SERVICE_UNKNOWN:
            await context.abort(grpc.StatusCode.NOT_FOUND)
        return response

    async def publish(self, registry: GeneratorRegistry) -> None:
        """Set the status of all generators of a registry."""
        async with self._publishing:
            now = {
                MODELS + entry.id: _Response.SERVING
                if entry.status is GeneratorStatus.READY
                else _Response.NOT_SERVING
                for entry in registry.entries()
            }
            removed = dict.fromkeys(self._published.keys() - now, _Response.SERVICE_UNKNOWN)
            for service, status in (removed | now).items():
                if self._published.get(service) != status:
                    await self.set(service, status)
            self._published = now

    async def enter_graceful_shutdown(self) -> None:
        """Set every service to NOT_SERVING, and keep it there."""
        # It iterates over the services, so none may be added meanwhile.
        async with self._publishing:
            await super().enter_graceful_shutdown()
