"""Where the server listens, who could reach that, and whether the port is free."""

from __future__ import annotations

import errno
import ipaddress
import os
import socket
from dataclasses import dataclass

from magenta_bridge.errors import InvalidArgumentError, UnsupportedError


@dataclass(frozen=True)
class Endpoint:
    """A host of this computer and a port.

    Attributes:
        host: A name or an address, an IPv6 one without brackets.
        port: 0 to 65535; 0 for any free one.
    """

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def is_loopback(self) -> bool:
        """Whether this computer alone can reach it; of a name that may lead anywhere, no."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False


def read_endpoint(address: str) -> Endpoint:
    """Reads ``HOST:PORT``.

    Raises:
        InvalidArgumentError: It is not of that form.
    """
    host, _, port = address.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not host or not (port.isascii() and port.isdigit()) or int(port) > 65_535:
        raise InvalidArgumentError(
            f"{address!r} is no address; write HOST:PORT, such as 127.0.0.1:50051.",
            field="address",
        )
    return Endpoint(host, int(port))


def check_free(endpoint: Endpoint) -> None:
    """Makes sure that the port can be listened on; gRPC itself would only say that it failed.

    Raises:
        UnsupportedError: Another program has the port, or the system forbids it.
    """
    family = socket.AF_INET6 if ":" in endpoint.host else socket.AF_INET
    try:
        # Of a name that leads nowhere, create_server would tell a number alone.
        socket.getaddrinfo(endpoint.host, endpoint.port, family)
        socket.create_server((endpoint.host, endpoint.port), family=family).close()
    except OSError as error:
        raise UnsupportedError(
            f"Cannot listen on {endpoint}: {_reason(error)}", field="address"
        ) from error


def _reason(error: OSError) -> str:
    if isinstance(error, socket.gaierror):
        return "no address of this computer has that name; give an address of it."
    # 10048 is how Windows says it.
    if error.errno in (errno.EADDRINUSE, 10_048):
        return "another program uses the port, maybe a second server; end it or choose another."
    if error.errno == errno.EACCES:
        return "the system keeps this port for itself; choose one above 1023."
    return f"{os.strerror(error.errno or 0)}; choose another address."
