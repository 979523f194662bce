"""How a client keeps a connection private and says who it is."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

import grpc

from magenta_bridge.certificates import TlsFiles
from magenta_bridge.client.channel import channel_options, is_loopback_address
from magenta_bridge.errors import InvalidArgumentError, UnsupportedError

Metadata = tuple[tuple[str, str], ...]

# What RFC 6750, section 2.1, lets a bearer token consist of.
_TOKEN: Final = re.compile(r"[A-Za-z0-9._~+/-]+=*")


@dataclass(frozen=True)
class Security:
    """What a connection is made with.

    Attributes:
        credentials: For TLS; None for plaintext.
        metadata: Sent with every call; the token is in it.
    """

    credentials: grpc.ChannelCredentials | None
    metadata: Metadata = field(repr=False)

    def open(self, address: str) -> grpc.Channel:
        """Returns a channel."""
        options = channel_options(address)
        if self.credentials is None:
            return grpc.insecure_channel(address, options=options)
        return grpc.secure_channel(address, self.credentials, options=options)

    def open_async(self, address: str) -> grpc.aio.Channel:
        """Returns a channel of the running event loop."""
        options = channel_options(address)
        if self.credentials is None:
            return grpc.aio.insecure_channel(address, options=options)
        return grpc.aio.secure_channel(address, self.credentials, options=options)


def read_security(address: str, token: str | None, tls: TlsFiles | bool | None) -> Security:
    """Reads and checks what a client was given.

    Args:
        address: ``HOST:PORT`` of the server.
        token: Shown with every call; white space around it is taken off. None for none.
        tls: Files for TLS; True for TLS by the authorities that gRPC knows; None or False for
            plaintext.

    Raises:
        InvalidArgumentError: The address is no address, or the token is none.
        UnsupportedError: The token would be sent in plaintext to another computer.
        NotFoundError: A file is not there.
        FileFormatError: A file is damaged, encrypted or expired, or two do not belong together.
    """
    loopback = is_loopback_address(address)
    if token is not None and not tls and not loopback:
        raise UnsupportedError(
            f"A token sent to {address} in plaintext could be read on the way; use TLS: "
            "tls=TlsFiles(ca=...), or --tls-ca on the command line.",
            field="token",
        )
    return Security(_credentials(tls), () if token is None else _metadata(token.strip()))


def _credentials(tls: TlsFiles | bool | None) -> grpc.ChannelCredentials | None:
    if not tls:
        return None
    if tls is True:
        return grpc.ssl_channel_credentials()
    texts = tls.read()
    return grpc.ssl_channel_credentials(texts.ca, texts.key, texts.cert)


def _metadata(token: str) -> Metadata:
    # gRPC would refuse some of these as well, and repeat them in its message.
    if not _TOKEN.fullmatch(token):
        raise InvalidArgumentError(
            "The token is empty or holds characters that no token has; give it as it stands "
            "in the server's file, without its name.",
            field="token",
        )
    return (("authorization", f"Bearer {token}"),)
