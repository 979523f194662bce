"""A call under way, however it came: what all rooms of the server need to know of it."""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Call:
    """A call under way. The methods of the services get it in place of gRPC's context.

    Attributes:
        method: Full name, ``/magenta_bridge.v1.GenerationService/Generate``.
        deadline: When it ends, by ``time.monotonic()``.
        caller: Who calls: the address of a peer, without its port, or the name of a token.
        admin: Whether the caller may load and unload generators.
        request_id: What the caller calls it; empty for nothing.
        metadata: Headers of the call, names in lower case.
        connection: Address of the peer with its port; empty where calls share none.
    """

    method: str
    deadline: float
    caller: str = ""
    admin: bool = False
    request_id: str = ""
    # Kept out of the call's text, which may be logged: a token may be among them.
    metadata: Mapping[str, str] = field(default_factory=dict, repr=False)
    connection: str = ""

    @property
    def account(self) -> str:
        """Whose share of the cores, and of calls in a second, the call uses up.

        Programs of this computer all call from one address, so that each of their connections
        stands for a client. From elsewhere a caller counts once, however often it connects.
        """
        return self.connection if self.connection and _is_loopback(self.caller) else self.caller

    def time_remaining(self) -> float:
        """Returns how many seconds are left, below 0 when the time has passed."""
        return self.deadline - time.monotonic()


def _is_loopback(caller: str) -> bool:
    try:
        return ipaddress.ip_address(caller).is_loopback
    except ValueError:
        return False
