"""The settings of a server."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from magenta_bridge.certificates.tls import TlsFiles
from magenta_bridge.limits import (
    CALLS_AT_ONCE,
    HTTP_ANSWER_SECONDS,
    HTTP_BODY_SECONDS,
    HTTP_CONNECTIONS,
    HTTP_HEAD_SECONDS,
    LONGEST_REQUEST_SECONDS,
    OPEN_REQUESTS,
    QUEUE_SECONDS,
    REQUEST_SECONDS,
)
from magenta_bridge.server.bundles.sources import Sources
from magenta_bridge.server.idle_shutdown import IdleShutdownSettings
from magenta_bridge.server.security.tokens import Tokens

# Localhost only: the origin guard relies on it.
HOST: Final = "127.0.0.1"
DEFAULT_ADDRESS: Final = "127.0.0.1:50051"


@dataclass(frozen=True)
class HttpSettings:
    """How the HTTP port behaves.

    Attributes:
        port: Port of 127.0.0.1 to listen on; 0 for any free one.
        origins: Allowed origins of web pages, such as ``http://localhost:8000``.
        head_seconds: Timeout of a connection until the headers of its next request arrive.
        body_seconds: Timeout until a request's body arrives.
        answer_seconds: Timeout of a response that the client does not read.
        connections: Maximum number of open connections.
    """

    port: int = 0
    origins: tuple[str, ...] = ()
    head_seconds: float = float(HTTP_HEAD_SECONDS.value)
    body_seconds: float = float(HTTP_BODY_SECONDS.value)
    answer_seconds: float = float(HTTP_ANSWER_SECONDS.value)
    connections: int = HTTP_CONNECTIONS.value


@dataclass(frozen=True)
class ServerSettings:
    """How a server behaves.

    Attributes:
        address: ``HOST:PORT`` to listen on; port 0 takes any free port.
        request_seconds: Timeout of a request without a deadline.
        longest_seconds: Maximum timeout of a request; later deadlines are shortened to it.
        grace_seconds: Time that calls in flight have to finish after a stop signal.
        workers: Worker threads; None for one per core.
        queue: Requests accepted beyond those that have a thread.
        queue_seconds: Maximum time a request waits for its first step.
        calls_per_second: Average rate limit per caller; 0 for no limit. None for 20 if other
            computers can reach the server, else no limit, because local programs may well create
            a hundred clips in a row.
        calls_at_once: Burst size of the rate limit, in calls.
        tls: Certificate and key, and the CA of client certificates if clients need one; None for
            plaintext.
        tokens: Accepted tokens; None to accept calls without one.
        sources: Bundles to load, in addition to the generators that the server is given.
        metrics_port: Port of 127.0.0.1 for Prometheus, 0 for any free port; None for no metrics.
        tracing: Whether to require OpenTelemetry; otherwise its environment variables decide.
        http: HTTP with JSON on another port; None to disable it.
        idle_shutdown: When to stop an unused server; None to serve until a stop signal.
    """

    address: str = DEFAULT_ADDRESS
    request_seconds: float = float(REQUEST_SECONDS.value)
    longest_seconds: float = float(LONGEST_REQUEST_SECONDS.value)
    grace_seconds: float = 10.0
    workers: int | None = None
    queue: int = OPEN_REQUESTS.value
    queue_seconds: float = float(QUEUE_SECONDS.value)
    calls_per_second: float | None = None
    calls_at_once: int = CALLS_AT_ONCE.value
    tls: TlsFiles | None = None
    tokens: Tokens | None = None
    sources: Sources = field(default_factory=Sources)
    metrics_port: int | None = None
    tracing: bool = False
    http: HttpSettings | None = None
    idle_shutdown: IdleShutdownSettings | None = None
