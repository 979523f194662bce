"""A call in flight, whether it came over gRPC or HTTP."""

from __future__ import annotations

import ipaddress
import secrets
import time
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

REQUEST_ID_HEADER: Final = "x-request-id"
# Headers are printable ASCII; other characters are percent-encoded.
_NAME_CHARACTERS: Final = 64
_SAFE_IN_HEADERS: Final = "!#$&'()*+,/:;<=>?@[]^`{|}"


@dataclass(frozen=True)
class Call:
    """A call in flight. The methods of the services receive it in place of gRPC's context.

    Attributes:
        method: Full name, ``/magenta_bridge.v1.GenerationService/Generate``.
        deadline: When it ends, by ``time.monotonic()``.
        caller: The peer's address without its port, the common name of its certificate, or the
            name of its token.
        admin: Whether the caller may load and unload generators.
        request_id: The caller's id of the request; empty if it has none.
        generator_id: The generator that the request names; empty for none.
        metadata: Headers of the call, names in lower case.
        memory: The most memory that the decoded request takes, in bytes.
        connection: Address of the peer with its port; empty for calls without a shared connection.
        own_id: The server's unique id of the call.
    """

    method: str
    deadline: float
    caller: str = ""
    admin: bool = False
    request_id: str = ""
    generator_id: str = ""
    # Excluded from the repr, which may be logged: the headers may contain a token.
    metadata: Mapping[str, str] = field(default_factory=dict, repr=False)
    memory: int = 0
    connection: str = ""
    own_id: str = field(default_factory=lambda: secrets.token_hex(8))

    @property
    def name(self) -> str:
        """Id for logs and responses: the request's, else its header's, else the server's own."""
        return self.request_id or self.metadata.get(REQUEST_ID_HEADER, "") or self.own_id

    @property
    def name_in_header(self) -> str:
        """The name for a header: truncated, and percent-encoded where needed."""
        return urllib.parse.quote(self.name[:_NAME_CHARACTERS], safe=_SAFE_IN_HEADERS)

    @property
    def account(self) -> str:
        """Key under which fair scheduling and rate limits count the call.

        All local programs have the same address, so each of their connections counts as a client.
        A remote caller counts once, however many connections it opens.
        """
        # A token may have the name of an address; then the peer has another one.
        is_local = self.caller in self.connection and _is_loopback(self.caller)
        return self.connection if is_local else self.caller

    def time_remaining(self) -> float:
        """Return the seconds until the deadline; negative once it has passed."""
        return self.deadline - time.monotonic()


def _is_loopback(caller: str) -> bool:
    try:
        return ipaddress.ip_address(caller).is_loopback
    except ValueError:
        return False
