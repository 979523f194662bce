"""What can be set of a server, in one place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from magenta_bridge.limits import REQUEST_SECONDS
from magenta_bridge.server.connect.settings import HttpSettings

DEFAULT_ADDRESS: Final = "127.0.0.1:50051"


@dataclass(frozen=True)
class ServerSettings:
    """How a server behaves.

    Attributes:
        address: ``HOST:PORT`` of this computer; port 0 takes any free one.
        request_seconds: Time for a request that brings no deadline.
        grace_seconds: How long calls in hand may go on once the server is asked to stop.
        http: How it answers HTTP with JSON beside gRPC; None for not at all.
    """

    address: str = DEFAULT_ADDRESS
    request_seconds: float = float(REQUEST_SECONDS.value)
    grace_seconds: float = 10.0
    http: HttpSettings | None = None
