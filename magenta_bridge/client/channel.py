"""How a client holds its connection: options that both clients share."""

from __future__ import annotations

import ipaddress
import json
from typing import Final

from magenta_bridge.errors import InvalidArgumentError
from magenta_bridge.limits import MESSAGE_BYTES, REQUEST_SECONDS

DEFAULT_ADDRESS: Final = "127.0.0.1:50051"
DEFAULT_TIMEOUT: Final = float(REQUEST_SECONDS.value)

ChannelOptions = list[tuple[str, int | str]]

# Only calls that may be sent twice are sent again, and only when no server took them.
_SERVICE_CONFIG: Final = {
    "methodConfig": [
        {
            "name": [
                {"service": "magenta_bridge.v1.GenerationService", "method": method}
                for method in ("ListGenerators", "GetGenerator", "Generate")
            ]
            + [
                {"service": "magenta_bridge.v1.ModelService", "method": method}
                for method in ("ListBundles", "LoadBundle")
            ],
            "retryPolicy": {
                "maxAttempts": 4,
                "initialBackoff": "0.1s",
                "maxBackoff": "1s",
                "backoffMultiplier": 2,
                "retryableStatusCodes": ["UNAVAILABLE"],
            },
        }
    ],
    "retryThrottling": {"maxTokens": 10, "tokenRatio": 0.1},
}

_OPTIONS: Final[ChannelOptions] = [
    ("grpc.max_send_message_length", MESSAGE_BYTES.value),
    # A little more than the server sends, so that its own limit is the one that speaks.
    ("grpc.max_receive_message_length", MESSAGE_BYTES.value + 65_536),
    ("grpc.keepalive_time_ms", 10_000),
    ("grpc.keepalive_timeout_ms", 5_000),
    # Without it, a peer that hangs is noticed after a minute only.
    ("grpc.http2.ping_timeout_ms", 5_000),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1_000),
    # A connection of its own: another client's failed attempts must not hold this one back.
    ("grpc.use_local_subchannel_pool", 1),
    ("grpc.enable_retries", 1),
    ("grpc.service_config", json.dumps(_SERVICE_CONFIG)),
]


def channel_options(address: str) -> ChannelOptions:
    """Returns the options of a channel to an address.

    Raises:
        InvalidArgumentError: The address is not of the form ``HOST:PORT``.
    """
    if is_loopback_address(address):
        # A proxy of the environment cannot reach this computer's own loopback.
        return [*_OPTIONS, ("grpc.enable_http_proxy", 0)]
    return list(_OPTIONS)


def is_loopback_address(address: str) -> bool:
    """Returns whether an address leads to this computer alone.

    Raises:
        InvalidArgumentError: The address is not of the form ``HOST:PORT``.
    """
    host, _, port = address.rpartition(":")
    if not host or not (port.isascii() and port.isdigit()) or not 0 < int(port) <= 65_535:
        raise InvalidArgumentError(
            f"{address!r} is no address; write HOST:PORT, such as {DEFAULT_ADDRESS}.",
            field="address",
        )
    try:
        return ipaddress.ip_address(host.removeprefix("[").removesuffix("]")).is_loopback
    except ValueError:
        return host == "localhost"
