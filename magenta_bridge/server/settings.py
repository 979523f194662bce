"""What can be set of a server, in one place."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from magenta_bridge.certificates import TlsFiles
from magenta_bridge.limits import REQUEST_SECONDS
from magenta_bridge.server.connect.settings import HttpSettings
from magenta_bridge.server.sources import Sources
from magenta_bridge.server.tokens import Tokens

DEFAULT_ADDRESS: Final = "127.0.0.1:50051"


@dataclass(frozen=True)
class ServerSettings:
    """How a server behaves.

    Attributes:
        address: ``HOST:PORT`` of this computer; port 0 takes any free one.
        request_seconds: Time for a request that brings no deadline.
        grace_seconds: How long calls in hand may go on once the server is asked to stop.
        tls: Certificate and key, and the authority of clients' certificates where they must
            have one; None for plaintext.
        tokens: Of which a caller must show one; None to ask for none.
        sources: Where generators come from, beside those that the server is given.
        metrics_port: Port of this computer for Prometheus, 0 for any free one; None for no metrics.
        tracing: Whether to insist on OpenTelemetry; else its environment variables decide.
        http: How it answers HTTP with JSON beside gRPC; None for not at all.
    """

    address: str = DEFAULT_ADDRESS
    request_seconds: float = float(REQUEST_SECONDS.value)
    grace_seconds: float = 10.0
    tls: TlsFiles | None = None
    tokens: Tokens | None = None
    sources: Sources = field(default_factory=Sources)
    metrics_port: int | None = None
    tracing: bool = False
    http: HttpSettings | None = None
