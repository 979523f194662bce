"""What can be set of a server, in one place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from magenta_bridge.limits import (
    CALLS_AT_ONCE,
    CALLS_PER_SECOND,
    LONGEST_REQUEST_SECONDS,
    OPEN_REQUESTS,
    QUEUE_SECONDS,
    REQUEST_SECONDS,
)

DEFAULT_ADDRESS: Final = "127.0.0.1:50051"


@dataclass(frozen=True)
class ServerSettings:
    """How a server behaves.

    Attributes:
        address: ``HOST:PORT`` of this computer; port 0 takes any free one.
        request_seconds: Time for a request that brings no deadline.
        longest_seconds: Time for a request that brings a later deadline than that.
        grace_seconds: How long calls in hand may go on once the server is asked to stop.
        workers: Threads for the generators; None for one per core.
        queue: Requests accepted beyond those that have a thread each.
        queue_seconds: How long a request may wait for its first step.
        calls_per_second: How often a caller may call on average; 0 for any rate.
        calls_at_once: How many calls a caller may make at once after a pause.
    """

    address: str = DEFAULT_ADDRESS
    request_seconds: float = float(REQUEST_SECONDS.value)
    longest_seconds: float = float(LONGEST_REQUEST_SECONDS.value)
    grace_seconds: float = 10.0
    workers: int | None = None
    queue: int = OPEN_REQUESTS.value
    queue_seconds: float = float(QUEUE_SECONDS.value)
    calls_per_second: float = float(CALLS_PER_SECOND.value)
    calls_at_once: int = CALLS_AT_ONCE.value
