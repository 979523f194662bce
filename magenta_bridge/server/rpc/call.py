"""A call under way, however it came: what all rooms of the server need to know of it."""

from __future__ import annotations

import ipaddress
import secrets
import time
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

REQUEST_ID_HEADER: Final = "x-request-id"
# A header is printable ASCII; of other text, what was percent-encoded comes back.
_NAME_CHARACTERS: Final = 64
_SAFE_IN_HEADERS: Final = "!#$&'()*+,/:;<=>?@[]^`{|}"


@dataclass(frozen=True)
class Call:
    """A call under way. The methods of the services get it in place of gRPC's context.

    Attributes:
        method: Full name, ``/magenta_bridge.v1.GenerationService/Generate``.
        deadline: When it ends, by ``time.monotonic()``.
        caller: Who calls: the address of a peer, without its port, or the name of a token.
        admin: Whether the caller may load and unload generators.
        request_id: What the caller calls it; empty for nothing.
        generator_id: Which generator it names; empty for none.
        metadata: Headers of the call, names in lower case.
        connection: Address of the peer with its port; empty where calls share none.
        own_id: What we call it; no two calls share one.
    """

    method: str
    deadline: float
    caller: str = ""
    admin: bool = False
    request_id: str = ""
    generator_id: str = ""
    # Kept out of the call's text, which may be logged: a token may be among them.
    metadata: Mapping[str, str] = field(default_factory=dict, repr=False)
    connection: str = ""
    own_id: str = field(default_factory=lambda: secrets.token_hex(8))

    @property
    def name(self) -> str:
        """What logs and answers call it: the caller's id, in the request or its header, or ours."""
        return self.request_id or self.metadata.get(REQUEST_ID_HEADER, "") or self.own_id

    @property
    def name_in_header(self) -> str:
        """The name as a header can say it: cut, and percent-encoded where need be."""
        return urllib.parse.quote(self.name[:_NAME_CHARACTERS], safe=_SAFE_IN_HEADERS)

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
