"""How a client holds its connection: options that both clients share."""

from __future__ import annotations

import functools
import importlib.resources
import ipaddress
from typing import Final

from magenta_bridge.errors import InvalidArgumentError
from magenta_bridge.limits import MESSAGE_BYTES, REQUEST_SECONDS

DEFAULT_ADDRESS: Final = "127.0.0.1:50051"
DEFAULT_TIMEOUT: Final = float(REQUEST_SECONDS.value)
KEEPALIVE_SECONDS: Final = 10.0

ChannelOptions = list[tuple[str, int | str]]

_OPTIONS: Final[ChannelOptions] = [
    ("grpc.max_send_message_length", MESSAGE_BYTES.value),
    # A little more than the server sends, so that its own limit is the one that speaks.
    ("grpc.max_receive_message_length", MESSAGE_BYTES.value + 65_536),
    # However long a call says nothing, the server may be asked.
    ("grpc.http2.max_pings_without_data", 0),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1_000),
    # A connection of its own: another client's failed attempts must not hold this one back.
    ("grpc.use_local_subchannel_pool", 1),
    ("grpc.enable_retries", 1),
]


def channel_options(address: str, keepalive: float = KEEPALIVE_SECONDS) -> ChannelOptions:
    """Returns the options of a channel to an address.

    Args:
        address: ``HOST:PORT``.
        keepalive: Seconds of silence during a call after which the server is asked whether it
            is still there; it has half of that to answer.

    Raises:
        InvalidArgumentError: The address is not of the form ``HOST:PORT``, or the server would
            be asked more often than once a second, which it takes for an attack.
    """
    options = [*_OPTIONS, *_keepalive_options(keepalive)]
    options.append(("grpc.service_config", service_config()))
    if is_loopback_address(address):
        # A proxy of the environment cannot reach this computer's own loopback.
        options.append(("grpc.enable_http_proxy", 0))
    return options


@functools.cache
def service_config() -> str:
    """Returns gRPC's service config as JSON: which calls are sent again, when, and how often.

    Only calls that may be sent twice are, and only when no server took them. Clients in other
    languages read the same file, ``service_config.json``.
    """
    file = importlib.resources.files("magenta_bridge.client") / "service_config.json"
    return file.read_text(encoding="utf-8")


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


def _keepalive_options(seconds: float) -> ChannelOptions:
    if not 1.0 <= seconds <= 3600.0:
        raise InvalidArgumentError(
            f"keepalive must be 1 to 3600 seconds, got {seconds:g}.", field="keepalive"
        )
    answer_ms = round(seconds * 500)
    return [
        ("grpc.keepalive_time_ms", round(seconds * 1_000)),
        ("grpc.keepalive_timeout_ms", answer_ms),
        # Without it, a peer that hangs is noticed after a minute only.
        ("grpc.http2.ping_timeout_ms", answer_ms),
    ]
