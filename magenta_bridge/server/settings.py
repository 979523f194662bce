"""What can be set of a server, in one place."""

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
        calls_per_second: How often a caller may call on average; 0 for any rate. None for 20
            where other computers can reach the server, and for any rate where they cannot: the
            programs of a musician's own computer may well make a hundred clips in a row.
        calls_at_once: How many calls a caller may make at once after a pause.
        tls: Certificate and key, and the authority of clients' certificates where they must
            have one; None for plaintext.
        tokens: Of which a caller must show one; None to ask for none.
        sources: Where generators come from, beside those that the server is given.
        metrics_port: Port of this computer for Prometheus, 0 for any free one; None for no metrics.
        tracing: Whether to insist on OpenTelemetry; else its environment variables decide.
        http: How it answers HTTP with JSON beside gRPC; None for not at all.
        users: Whom it is there for: it ends once they are gone. None to serve until it is stopped.
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
    users: IdleShutdownSettings | None = None
