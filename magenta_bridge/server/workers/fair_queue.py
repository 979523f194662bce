"""A fair queue of steps: earliest deadline first, among the clients that have used the least time.

It has no clock and no threads: times are arguments.
"""

from __future__ import annotations

import heapq
import itertools
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

T = TypeVar("T")

# Maximum lead, in seconds of work, that an urgent deadline may give one client over another.
SLACK_SECONDS: Final = 0.1
# Idle clients are removed once there are this many.
_MAX_CLIENTS: Final = 256


class FairQueue(Generic[T]):
    """The steps that are ready to run, and which of them is next.

    Start-time fair queueing (Goyal, Vin and Cheng 1996, section 2) shares the time equally: each
    account has the seconds that threads worked for it, and a new client starts level with the
    others. A pause earns at most 0.1 seconds, which cover the time in which a reader's next step is
    in transit. All requests of one client together get what a single request of another gets.

    Among the accounts within 0.1 seconds of the least used, the step with the earliest deadline is
    next (earliest deadline first, Liu and Layland 1973).

    Threading: not safe; ``WorkerPool`` holds its lock around every call.
    """

    def __init__(self) -> None:
        self._clients: dict[str, _ClientUsage[T]] = {}
        self._order = itertools.count()
        self._now = 0.0
        self._ready = 0

    def __len__(self) -> int:
        """Return the number of steps that are ready."""
        return self._ready

    def put(self, account: str, due: float, step: T) -> None:
        """Add a step.

        Args:
            account: The client's account.
            due: The step's deadline, on any one clock; steps with equal deadlines keep their order.
            step: The step.
        """
        client = self._clients.get(account)
        if client is None:
            self._remove_idle()
            client = self._clients[account] = _ClientUsage(self._now)
        if client.idle:
            client.used = max(client.used, self._now - SLACK_SECONDS)
        heapq.heappush(client.ready, (due, next(self._order), step))
        self._ready += 1

    def take(self) -> tuple[str, T] | None:
        """Remove the next step and return it with its account; None if no step is ready."""
        ready = {name: client for name, client in self._clients.items() if client.ready}
        if not ready:
            return None
        least = min(client.used for client in ready.values())
        self._now = max(self._now, least)
        within = (name for name, client in ready.items() if client.used <= least + SLACK_SECONDS)
        name = min(within, key=lambda name: ready[name].ready[0][:2])
        client = ready[name]
        client.running += 1
        self._ready -= 1
        return name, heapq.heappop(client.ready)[2]

    def charge(self, account: str, seconds: float) -> None:
        """Charge an account for a step that was taken and has ended.

        Args:
            account: The client's account.
            seconds: Time for which the step used a thread.
        """
        client = self._clients[account]
        client.running -= 1
        client.used += seconds

    def _remove_idle(self) -> None:
        """Keep the table small, however many clients come and go."""
        if len(self._clients) >= _MAX_CLIENTS:
            self._clients = {name: each for name, each in self._clients.items() if not each.idle}


@dataclass
class _ClientUsage(Generic[T]):
    """The seconds that a client has used, and its steps."""

    used: float
    ready: list[tuple[float, int, T]] = field(default_factory=list)
    running: int = 0

    @property
    def idle(self) -> bool:
        return not self.ready and not self.running
