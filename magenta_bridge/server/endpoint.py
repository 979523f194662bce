"""Where the server listens: this computer only, on a port that is free."""

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
        host: ``localhost`` or a loopback address, an IPv6 one without brackets.
        port: 0 to 65535; 0 for any free one.
    """

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def read_endpoint(address: str) -> Endpoint:
    """Reads ``HOST:PORT``.

    Raises:
        InvalidArgumentError: It is not of that form.
        UnsupportedError: The host is reachable from other computers.
    """
    host, _, port = address.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not host or not (port.isascii() and port.isdigit()) or int(port) > 65_535:
        raise InvalidArgumentError(
            f"{address!r} is no address; write HOST:PORT, such as 127.0.0.1:50051.",
            field="address",
        )
    if not _is_loopback(host):
        raise UnsupportedError(
            f"This release listens on this computer only, and {host} can be reached from "
            "others; use 127.0.0.1.",
            field="address",
        )
    return Endpoint(host, int(port))


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def check_free(endpoint: Endpoint) -> None:
    """Makes sure that the port can be listened on; gRPC itself would only say that it failed.

    Raises:
        UnsupportedError: Another program has the port, or the system forbids it.
    """
    family = socket.AF_INET6 if ":" in endpoint.host else socket.AF_INET
    try:
        socket.create_server((endpoint.host, endpoint.port), family=family).close()
    except OSError as error:
        raise UnsupportedError(
            f"Cannot listen on {endpoint}: {_reason(error)}", field="address"
        ) from error


def _reason(error: OSError) -> str:
    # 10048 is how Windows says it.
    if error.errno in (errno.EADDRINUSE, 10_048):
        return "another program uses the port, maybe a second server; end it or choose another."
    if error.errno == errno.EACCES:
        return "the system keeps this port for itself; choose one above 1023."
    return f"{os.strerror(error.errno or 0)}; choose another address."
