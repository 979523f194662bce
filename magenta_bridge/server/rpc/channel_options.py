"""The gRPC options of the server's connections, each with its reason."""

from __future__ import annotations

from typing import Final

from magenta_bridge.limits import MESSAGE_BYTES

# Minimum interval between a client's keepalive pings. Our client sends one every ten seconds, or
# every second if it is set to detect a hung server quickly.
_LOCAL_PING_MS: Final = 900
_REMOTE_PING_MS: Final = 5_000

_OPTIONS: Final = [
    # A second server on the port must fail, instead of receiving every other request.
    ("grpc.so_reuseport", 0),
    # Twice the accepted size, so that a request that is too large gets our own error.
    ("grpc.max_receive_message_length", 2 * MESSAGE_BYTES.value),
    ("grpc.max_send_message_length", MESSAGE_BYTES.value),
    # Detect a hung or disconnected client within half a minute, and cancel its calls.
    ("grpc.keepalive_time_ms", 20_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.http2.ping_timeout_ms", 10_000),
    ("grpc.keepalive_permit_without_calls", 1),
    # Pings may be sent however much data is pending.
    ("grpc.http2.max_pings_without_data", 0),
]


def transport_options(*, loopback: bool) -> list[tuple[str, int]]:
    """Return the options of a server, on loopback or open to other computers."""
    ping_ms = _LOCAL_PING_MS if loopback else _REMOTE_PING_MS
    return [*_OPTIONS, ("grpc.http2.min_ping_interval_without_data_ms", ping_ms)]
