"""What both clients share apart from their calls: arguments, stubs, and the health check."""

from __future__ import annotations

from typing import Any, Final

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from magenta_bridge.arguments import check_text
from magenta_bridge.certificates.tls import TlsFiles
from magenta_bridge.client.channel import (
    DEFAULT_ADDRESS,
    DEFAULT_TIMEOUT,
    KEEPALIVE_SECONDS,
    ChannelSettings,
)
from magenta_bridge.client.retry import Attempts
from magenta_bridge.client.status import NOT_OURS
from magenta_bridge.errors import MagentaBridgeError, NotFoundError, ServerUnavailableError
from magenta_bridge.v1 import generation_pb2_grpc, model_pb2_grpc

# A server that has it is one of this program and version.
_SERVICE: Final = "magenta_bridge.v1.GenerationService"
# Prefix of a generator's service name in the health check.
_HEALTH_PREFIX: Final = "magenta_bridge.v1.models/"


class Stubs:
    """The stubs of a channel, of either kind."""

    def __init__(self, channel: Any) -> None:  # noqa: ANN401 - grpc.Channel or grpc.aio.Channel
        self.channel = channel
        self.generation: Any = generation_pb2_grpc.GenerationServiceStub(channel)
        self.health: Any = health_pb2_grpc.HealthStub(channel)
        self.models: Any = model_pb2_grpc.ModelServiceStub(channel)


class BaseClient:
    """Checks the arguments of a client; opens no connection."""

    def __init__(
        self,
        address: str = DEFAULT_ADDRESS,
        timeout: float = DEFAULT_TIMEOUT,
        *,
        token: str | None = None,
        tls: TlsFiles | bool | None = None,
        keepalive: float = KEEPALIVE_SECONDS,
        retry: bool = True,
    ) -> None:
        self._settings = ChannelSettings.read(address, token, tls, keepalive)
        self._timeout = timeout
        self._retry = retry
        self._closed = False

    def _attempts(self) -> Attempts:
        return Attempts(self._timeout)

    def _pause(self, attempts: Attempts, error: grpc.RpcError) -> float:
        """Return the seconds before a call's next attempt, or raise its error."""
        if not self._retry:
            raise error
        return attempts.pause(error)

    def _check_open(self) -> None:
        if self._closed:
            raise ServerUnavailableError("This client is closed; open a new one.")

    def _health_request(self, generator_id: str | None) -> health_pb2.HealthCheckRequest:
        service = _SERVICE
        if generator_id is not None:
            service = _HEALTH_PREFIX + check_text("generator_id", generator_id)
        return health_pb2.HealthCheckRequest(service=service)

    def _unknown_service(
        self, error: grpc.RpcError, generator_id: str | None
    ) -> MagentaBridgeError | None:
        """Return the error for a service that the server does not have; None for other failures."""
        if error.code() not in (grpc.StatusCode.NOT_FOUND, grpc.StatusCode.UNIMPLEMENTED):
            return None
        if generator_id is None:
            return ServerUnavailableError(NOT_OURS.format(address=self._settings.address))
        return NotFoundError(
            f"The server at {self._settings.address} has no generator {generator_id!r}; "
            "'magenta-bridge generators --server' lists those it has.",
            field="generator_id",
        )
