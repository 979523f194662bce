"""How a client keeps a connection private and says who it is."""

from __future__ import annotations

import functools
import re
from typing import Any, Final, cast

import grpc

from magenta_bridge.certificates.tls import TlsFiles
from magenta_bridge.client.channel import (
    KEEPALIVE_SECONDS,
    channel_options,
    is_loopback_address,
)
from magenta_bridge.errors import InvalidArgumentError, UnsupportedError

# What RFC 6750, section 2.1, lets a bearer token consist of.
_TOKEN: Final = re.compile(r"[A-Za-z0-9._~+/-]+=*")


def open_channel(
    address: str,
    token: str | None,
    tls: TlsFiles | bool | None,
    keepalive: float = KEEPALIVE_SECONDS,
) -> grpc.Channel:
    """Opens a channel to a server.

    Args:
        address: ``HOST:PORT`` of the server.
        token: Shown with every call; white space around it is taken off. None for none.
        tls: Files for TLS; True for TLS by the authorities that gRPC knows; None or False for
            plaintext.
        keepalive: Seconds of silence after which the server is asked whether it is there.

    Raises:
        InvalidArgumentError: The address is no address, the token is none, or ``keepalive`` is
            out of its range.
        UnsupportedError: The token would be sent in plaintext to another computer.
        NotFoundError: A file is not there.
        FileFormatError: A file is damaged, encrypted or expired, or two do not belong together.
    """
    metadata = _read_token(address, token, tls)
    options, credentials = channel_options(address, keepalive), _read_credentials(tls)
    if credentials is None:
        channel = grpc.insecure_channel(address, options=options)
    else:
        channel = grpc.secure_channel(address, credentials, options=options)
    return cast(grpc.Channel, SignedChannel(channel, metadata)) if metadata else channel


def open_async_channel(
    address: str,
    token: str | None,
    tls: TlsFiles | bool | None,
    keepalive: float = KEEPALIVE_SECONDS,
) -> grpc.aio.Channel:
    """Opens a channel of the running event loop, as ``open_channel`` does."""
    metadata = _read_token(address, token, tls)
    options, credentials = channel_options(address, keepalive), _read_credentials(tls)
    if credentials is None:
        channel = grpc.aio.insecure_channel(address, options=options)
    else:
        channel = grpc.aio.secure_channel(address, credentials, options=options)
    return cast(grpc.aio.Channel, SignedChannel(channel, metadata)) if metadata else channel


class SignedChannel:
    """A channel, of either kind, that sends the same metadata with every call.

    gRPC has credentials for that, but none that it would send over loopback in plaintext.

    Args:
        channel: The channel.
        metadata: Names and values.
    """

    def __init__(self, channel: Any, metadata: tuple[tuple[str, str], ...]) -> None:  # noqa: ANN401
        self._channel = channel
        self._metadata = metadata

    def unary_unary(self, *words: Any, **named: Any) -> Any:  # noqa: ANN401 - gRPC's own
        """Returns what calls a method that takes one message and gives one."""
        return self._signed(self._channel.unary_unary(*words, **named))

    def unary_stream(self, *words: Any, **named: Any) -> Any:  # noqa: ANN401 - gRPC's own
        """Returns what calls a method that takes one message and gives many."""
        return self._signed(self._channel.unary_stream(*words, **named))

    def stream_unary(self, *words: Any, **named: Any) -> Any:  # noqa: ANN401 - gRPC's own
        """Returns what calls a method that takes many messages and gives one."""
        return self._signed(self._channel.stream_unary(*words, **named))

    def stream_stream(self, *words: Any, **named: Any) -> Any:  # noqa: ANN401 - gRPC's own
        """Returns what calls a method that takes many messages and gives many."""
        return self._signed(self._channel.stream_stream(*words, **named))

    def close(self) -> Any:  # noqa: ANN401 - to be awaited with asyncio
        """Lets go of the connection."""
        return self._channel.close()

    def _signed(self, call: Any) -> Any:  # noqa: ANN401 - gRPC's own
        return functools.partial(call, metadata=self._metadata)


def _read_credentials(tls: TlsFiles | bool | None) -> grpc.ChannelCredentials | None:
    if not tls:
        return None
    if tls is True:
        return grpc.ssl_channel_credentials()
    texts = tls.read()
    return grpc.ssl_channel_credentials(texts.ca, texts.key, texts.cert)


def _read_token(
    address: str, token: str | None, tls: TlsFiles | bool | None
) -> tuple[tuple[str, str], ...]:
    """Returns the metadata that shows the token; empty for none."""
    loopback = is_loopback_address(address)
    if token is None:
        return ()
    if not tls and not loopback:
        raise UnsupportedError(
            f"A token sent to {address} in plaintext could be read on the way; use TLS: "
            "tls=TlsFiles(ca=...), or --tls-ca on the command line.",
            field="token",
        )
    # gRPC would refuse some texts as well, and repeat them in its message.
    if not _TOKEN.fullmatch(token.strip()):
        raise InvalidArgumentError(
            "The token is empty or holds characters that no token has; give it as it stands "
            "in the server's file, without its name.",
            field="token",
        )
    return (("authorization", f"Bearer {token.strip()}"),)
