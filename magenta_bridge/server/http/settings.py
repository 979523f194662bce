"""What can be set of the HTTP port."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from magenta_bridge.limits import (
    HTTP_ANSWER_SECONDS,
    HTTP_BODY_SECONDS,
    HTTP_CONNECTIONS,
    HTTP_HEAD_SECONDS,
)

# Never anything else: what a browser may do here rests on it.
HOST: Final = "127.0.0.1"


@dataclass(frozen=True)
class HttpSettings:
    """How the HTTP port behaves.

    Attributes:
        port: Port of 127.0.0.1 to listen on; 0 for any free one.
        origins: Origins of web pages that may ask, such as ``http://localhost:8000``.
        head_seconds: How long a connection may take until its next request is there, idle or
            not.
        body_seconds: How long a request's body may take to arrive.
        answer_seconds: How long an answer may wait for its reader.
        connections: Connections that may be open at a time.
    """

    port: int = 0
    origins: tuple[str, ...] = ()
    head_seconds: float = float(HTTP_HEAD_SECONDS.value)
    body_seconds: float = float(HTTP_BODY_SECONDS.value)
    answer_seconds: float = float(HTTP_ANSWER_SECONDS.value)
    connections: int = HTTP_CONNECTIONS.value
