"""Which path leads to which method: walks the descriptors of the services."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias, cast

from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.descriptor_pb2 import MethodOptions
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from magenta_bridge.server.rpc.call import Call

# A service and the object whose methods, named as its rpcs are, take (request, Call).
Service: TypeAlias = tuple[ServiceDescriptor, object]


@dataclass(frozen=True)
class Route:
    """A method that can be called over HTTP.

    Attributes:
        method: Full name and path, ``/magenta_bridge.v1.GenerationService/Generate``.
        request: Class of its request.
        streaming: Whether it answers with a stream.
        safe: Whether it changes nothing and computes little, so that GET may call it.
        behavior: What answers it: a coroutine function, or one of an asynchronous generator.
    """

    method: str
    request: type[Message]
    streaming: bool
    safe: bool
    behavior: Callable[[Message, Call], object]

    @property
    def verbs(self) -> tuple[str, ...]:
        """The HTTP methods that it takes."""
        return ("GET", "POST") if self.safe else ("POST",)

    def answer(self, request: Message, call: Call) -> Awaitable[Message]:
        """Calls a method that answers once."""
        return cast(Awaitable[Message], self.behavior(request, call))

    def stream(self, request: Message, call: Call) -> AsyncGenerator[Message, None]:
        """Calls a method that answers with a stream."""
        return cast(AsyncGenerator[Message, None], self.behavior(request, call))


def gather_routes(services: Iterable[Service]) -> dict[str, Route]:
    """Returns the routes to all methods, by path.

    A method whose requests come as a stream is left out: HTTP/1.1 cannot carry it both ways.
    """
    routes = [
        _route(method, servicer)
        for service, servicer in services
        for method in service.methods
        if not method.client_streaming
    ]
    return {route.method: route for route in routes}


def _route(method: MethodDescriptor, servicer: object) -> Route:
    level = method.GetOptions().idempotency_level
    return Route(
        method=f"/{method.containing_service.full_name}/{method.name}",
        request=GetMessageClass(method.input_type),
        streaming=method.server_streaming,
        safe=level == MethodOptions.NO_SIDE_EFFECTS and not method.server_streaming,
        behavior=getattr(servicer, method.name),
    )
