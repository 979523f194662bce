"""Channels to a server: options, TLS and the token, the same for both clients."""

from __future__ import annotations

import functools
import importlib.resources
import ipaddress
import re
from dataclasses import dataclass, field
from typing import Any, Final, cast

import grpc

from magenta_bridge.certificates.tls import TlsFiles
from magenta_bridge.errors import InvalidArgumentError, UnsupportedError
from magenta_bridge.limits import MESSAGE_BYTES, REQUEST_SECONDS

DEFAULT_ADDRESS: Final = "127.0.0.1:50051"
DEFAULT_TIMEOUT: Final = float(REQUEST_SECONDS.value)
KEEPALIVE_SECONDS: Final = 10.0

ChannelOptions = list[tuple[str, int | str]]

_OPTIONS: Final[ChannelOptions] = [
    ("grpc.max_send_message_length", MESSAGE_BYTES.value),
    # A little more than the server sends, so that the server's limit applies first.
    ("grpc.max_receive_message_length", MESSAGE_BYTES.value + 65_536),
    # No limit on the pings of a call without data.
    ("grpc.http2.max_pings_without_data", 0),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1_000),
    # A separate connection: another client's failed attempts must not delay this one.
    ("grpc.use_local_subchannel_pool", 1),
    ("grpc.enable_retries", 1),
]
# Characters of a bearer token (RFC 6750, section 2.1).
_TOKEN: Final = re.compile(r"[A-Za-z0-9._~+/-]+=*")
_CALL_METHODS: Final = ("unary_unary", "unary_stream", "stream_unary", "stream_stream")


@dataclass(frozen=True)
class ChannelSettings:
    """Checked settings of a channel; opens it, for threads or for asyncio.

    Attributes:
        address: ``HOST:PORT`` of the server.
        options: Options of gRPC.
        credentials: Credentials for TLS; None for plaintext.
        metadata: Names and values to send with every call.
    """

    address: str
    options: ChannelOptions
    credentials: grpc.ChannelCredentials | None
    metadata: tuple[tuple[str, str], ...] = field(repr=False)

    @classmethod
    def read(
        cls,
        address: str,
        token: str | None = None,
        tls: TlsFiles | bool | None = None,
        keepalive: float = KEEPALIVE_SECONDS,
    ) -> ChannelSettings:
        """Check the arguments of a client.

        Args:
            address: ``HOST:PORT`` of the server.
            token: Sent with every call, without white space around it; None for none.
            tls: Files for TLS; True for TLS with gRPC's certificate authorities; None or
                False for plaintext.
            keepalive: Seconds without data during a call after which a ping is sent.

        Raises:
            InvalidArgumentError: The address, the token or ``keepalive`` is invalid.
            UnsupportedError: The token would be sent in plaintext to another computer.
            NotFoundError: A file does not exist.
            FileFormatError: A file is damaged, encrypted or expired, or a key and a
                certificate do not match.
        """
        metadata = _token_metadata(address, token, tls)
        return cls(address, channel_options(address, keepalive), _credentials(tls), metadata)

    def open(self) -> grpc.Channel:
        """Open a channel for any number of threads."""
        if self.credentials is None:
            channel = grpc.insecure_channel(self.address, options=self.options)
        else:
            channel = grpc.secure_channel(self.address, self.credentials, options=self.options)
        return cast(grpc.Channel, _SignedChannel(channel, self.metadata))

    def open_async(self) -> grpc.aio.Channel:
        """Open a channel of the running event loop."""
        if self.credentials is None:
            channel = grpc.aio.insecure_channel(self.address, options=self.options)
        else:
            channel = grpc.aio.secure_channel(self.address, self.credentials, options=self.options)
        return cast(grpc.aio.Channel, _SignedChannel(channel, self.metadata))


class _SignedChannel:
    """A channel, of either kind, that sends the same metadata with every call.

    gRPC's call credentials are not sent in plaintext, not even on loopback.
    """

    def __init__(self, channel: Any, metadata: tuple[tuple[str, str], ...]) -> None:  # noqa: ANN401
        self._channel = channel
        self._metadata = metadata

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - gRPC's own
        found = getattr(self._channel, name)
        if name not in _CALL_METHODS or not self._metadata:
            return found
        return lambda *args, **options: functools.partial(
            found(*args, **options), metadata=self._metadata
        )


def channel_options(address: str, keepalive: float = KEEPALIVE_SECONDS) -> ChannelOptions:
    """Return the options of a channel to an address.

    Args:
        address: ``HOST:PORT``.
        keepalive: Seconds without data during a call after which a ping is sent; the server
            has half of that to reply.

    Raises:
        InvalidArgumentError: The address is not of the form ``HOST:PORT``, or ``keepalive`` is
            not 1 to 3600: servers end connections that send pings more often.
    """
    options = [*_OPTIONS, *_keepalive_options(keepalive)]
    options.append(("grpc.service_config", service_config()))
    if is_loopback_address(address):
        # A proxy from the environment variables cannot reach this computer's loopback.
        options.append(("grpc.enable_http_proxy", 0))
    return options


@functools.cache
def service_config() -> str:
    """Return gRPC's service config as JSON: which calls are retried, when, and how often.

    Idempotent calls are retried when no server accepted them, and every call when an overloaded
    server dropped it before its first response: gRPC then responds with CANCELLED. A call that the
    caller cancels is not retried. Clients in other languages read the same file,
    ``service_config.json``.
    """
    file = importlib.resources.files("magenta_bridge.client") / "service_config.json"
    return file.read_text(encoding="utf-8")


def is_loopback_address(address: str) -> bool:
    """Return whether an address is a loopback address.

    Raises:
        InvalidArgumentError: The address is not of the form ``HOST:PORT``.
    """
    host, _, port = address.rpartition(":")
    if not host or not (port.isascii() and port.isdigit()) or not 0 < int(port) <= 65_535:
        raise InvalidArgumentError(
            f"{address!r} is not an address; write HOST:PORT, such as {DEFAULT_ADDRESS}.",
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
        # The default, a minute, is long for a server that hangs.
        ("grpc.http2.ping_timeout_ms", answer_ms),
    ]


def _credentials(tls: TlsFiles | bool | None) -> grpc.ChannelCredentials | None:
    if not tls:
        return None
    if tls is True:
        return grpc.ssl_channel_credentials()
    texts = tls.read()
    return grpc.ssl_channel_credentials(texts.ca, texts.key, texts.cert)


def _token_metadata(
    address: str, token: str | None, tls: TlsFiles | bool | None
) -> tuple[tuple[str, str], ...]:
    loopback = is_loopback_address(address)
    if token is None:
        return ()
    if not tls and not loopback:
        raise UnsupportedError(
            f"A token sent to {address} in plaintext could be intercepted; use TLS: "
            "tls=TlsFiles(ca=...), or --tls-ca on the command line.",
            field="token",
        )
    # gRPC rejects some of these texts as well, but repeats them in its message.
    if not _TOKEN.fullmatch(token.strip()):
        raise InvalidArgumentError(
            "The token is empty or has invalid characters; copy it from the server's token file "
            "without its name.",
            field="token",
        )
    return (("authorization", f"Bearer {token.strip()}"),)
