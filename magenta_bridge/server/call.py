"""A call under way, however it came: what all rooms of the server need to know of it."""

from __future__ import annotations

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
    """

    method: str
    deadline: float
    caller: str = ""
    admin: bool = False
    request_id: str = ""
    # Kept out of the call's text, which may be logged: a token may be among them.
    metadata: Mapping[str, str] = field(default_factory=dict, repr=False)

    def time_remaining(self) -> float:
        """Returns how many seconds are left, below 0 when the time has passed."""
        return self.deadline - time.monotonic()
