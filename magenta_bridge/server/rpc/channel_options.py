"""How the server holds its connections: gRPC's own options, and why they are what they are."""

from __future__ import annotations

from typing import Final

from magenta_bridge.limits import MESSAGE_BYTES

TransportOptions = list[tuple[str, int]]

# How often a client may ask whether we are still there. Ours does so every ten seconds, or
# as often as each second where somebody wants to hear at once of a server that hangs.
_LOCAL_PING_MS: Final = 900
_REMOTE_PING_MS: Final = 5_000

_OPTIONS: Final[TransportOptions] = [
    # A second server on the port must fail, instead of getting every other request.
    ("grpc.so_reuseport", 0),
    # Twice what is accepted, so that our own error answers a request that is too large.
    ("grpc.max_receive_message_length", 2 * MESSAGE_BYTES.value),
    ("grpc.max_send_message_length", MESSAGE_BYTES.value),
    # A client that hangs or whose network is gone is noticed within half a minute, and its
    # calls are taken for canceled.
    ("grpc.keepalive_time_ms", 20_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.http2.ping_timeout_ms", 10_000),
    ("grpc.keepalive_permit_without_calls", 1),
    # However much is to be sent, a ping may go out.
    ("grpc.http2.max_pings_without_data", 0),
]


def transport_options(*, loopback: bool) -> TransportOptions:
    """Returns the options of a server that this computer alone can reach, or others too."""
    ping_ms = _LOCAL_PING_MS if loopback else _REMOTE_PING_MS
    return [*_OPTIONS, ("grpc.http2.min_ping_interval_without_data_ms", ping_ms)]
