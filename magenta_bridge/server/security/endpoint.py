"""Parse the address to listen on, and check that its port is free."""

from __future__ import annotations

import errno
import ipaddress
import logging
import math
import os
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from magenta_bridge.errors import InvalidArgumentError, UnsupportedError

_REPORT_SECONDS: Final = 60.0
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Endpoint:
    """A local host and a port.

    Attributes:
        host: A name or an IP address; an IPv6 address without brackets.
        port: 0 to 65535; 0 for any free port.
    """

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def is_loopback(self) -> bool:
        """Whether only this computer can reach it; False for host names other than localhost."""
        if self.host == "localhost":
            return True
        try:
            address = ipaddress.ip_address(self.host)
        except ValueError:
            return False
        # An IPv4 address in IPv6 counts as loopback from Python 3.13 on; refuse it everywhere.
        return address.is_loopback and getattr(address, "ipv4_mapped", None) is None


def read_endpoint(address: str) -> Endpoint:
    """Parse ``HOST:PORT``.

    Raises:
        InvalidArgumentError: The address has another form.
    """
    host, _, port = address.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not host or not (port.isascii() and port.isdigit()) or int(port) > 65_535:
        raise InvalidArgumentError(
            f"{address!r} is not an address; write HOST:PORT, such as 127.0.0.1:50051.",
            field="address",
        )
    return Endpoint(host, int(port))


class AcceptFailures:
    """Logs that connections cannot be accepted, at most once a minute.

    A connection that is not accepted stays in the system's queue, so that accepting it fails again
    at once, and as often as it is tried.

    Args:
        port: What the port is for, such as ``HTTP``.
        now: The clock, in seconds.
    """

    def __init__(self, port: str, now: Callable[[], float] = time.monotonic) -> None:
        self._port = port
        self._now = now
        self._next = -math.inf

    def report(self, error: OSError) -> None:
        """Log an error of ``accept``."""
        if self._now() >= self._next:
            self._next = self._now() + _REPORT_SECONDS
            _log.error(
                "The %s port accepts no connections: %s. Close connections, or raise the limit of "
                "open files (ulimit -n); this is logged once a minute.",
                self._port,
                error.strerror,
            )


def check_free(endpoint: Endpoint) -> None:
    """Check that the port can be opened; gRPC's own error has no reason.

    Raises:
        UnsupportedError: Another program uses the port, or the system forbids it.
    """
    family = socket.AF_INET6 if ":" in endpoint.host else socket.AF_INET
    try:
        # For an unknown name, create_server's error has only a number.
        socket.getaddrinfo(endpoint.host, endpoint.port, family)
        socket.create_server((endpoint.host, endpoint.port), family=family).close()
    except OSError as error:
        raise listen_error(endpoint, error) from error


def listen_error(endpoint: Endpoint, error: OSError) -> UnsupportedError:
    """Return the error for a port that cannot be opened."""
    return UnsupportedError(f"Cannot listen on {endpoint}: {_reason(error)}", field="address")


def _reason(error: OSError) -> str:
    if isinstance(error, socket.gaierror):
        return "the name does not resolve; use an address of this computer."
    # 10048 is the code on Windows.
    if error.errno in (errno.EADDRINUSE, 10_048):
        return (
            "another program uses the port, maybe a second server; stop it or choose another port."
        )
    if error.errno == errno.EACCES:
        return "the port is reserved by the system; choose one above 1023."
    return f"{os.strerror(error.errno or 0)}; choose another address."
