"""The standard question whether a server serves."""

from __future__ import annotations

from typing import Final

import grpc
from grpc_health.v1 import health_pb2

from magenta_bridge.errors import NotFoundError

# What a generator is called among the services whose health can be asked for.
_GENERATOR: Final = "magenta_bridge.v1.models/"


def health_request(generator_id: str | None) -> health_pb2.HealthCheckRequest:
    """Returns the question about one generator, or, for None, about the whole server."""
    service = "" if generator_id is None else f"{_GENERATOR}{generator_id}"
    return health_pb2.HealthCheckRequest(service=service)


def says_serving(answer: health_pb2.HealthCheckResponse) -> bool:
    """Returns whether the answer is yes."""
    return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)


def unknown_generator(
    error: grpc.RpcError, generator_id: str | None, address: str
) -> NotFoundError | None:
    """Returns our error where the server does not know the generator; None for other failures."""
    if error.code() is not grpc.StatusCode.NOT_FOUND:
        return None
    return NotFoundError(
        f"The server at {address} has no generator {generator_id!r}; "
        "'magenta-bridge generators --server' lists those it has.",
        field="generator_id",
    )
