"""Whose work is done next: what is due first, among those who have not had more than others."""

from __future__ import annotations

import heapq
import itertools
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

T = TypeVar("T")

# By how many seconds of work one client may be before another, for the sake of what is due.
SLACK_SECONDS: Final = 0.1
# Clients that are gone are forgotten once so many are known.
_ACCOUNTS: Final = 256


class Schedule(Generic[T]):
    """Steps that are ready to be done, and which of them is next.

    Shares are fair, by start-time fair queueing (Goyal, Vin and Cheng 1996, section 2): a
    client's account counts the seconds that threads worked for it, and whoever comes anew
    starts where those at work stand. A pause saves up no more than 0.1 seconds, which make up
    for the moments in which a reader's next step is on its way. Many requests of one client
    share what one of another gets.

    Among the clients that have had their share and no more than 0.1 seconds beyond it, the step
    that is due first is chosen (earliest deadline first, Liu and Layland 1973): what has to be
    heard next comes before what is wanted later, whoever wants it.

    Threading: not safe; ``WorkerPool`` holds its lock around every call.
    """

    def __init__(self) -> None:
        self._accounts: dict[str, _ClientUsage[T]] = {}
        self._order = itertools.count()
        self._now = 0.0
        self._ready = 0

    def __len__(self) -> int:
        """Returns how many steps are ready."""
        return self._ready

    def put(self, account: str, due: float, step: T) -> None:
        """Adds a step.

        Args:
            account: Whose it is.
            due: When it should be done, on any one clock; among equals the first one put wins.
            step: What ``take`` shall return.
        """
        entry = self._accounts.get(account)
        if entry is None:
            self._forget_idle()
            entry = self._accounts[account] = _ClientUsage(self._now)
        if entry.idle:
            entry.used = max(entry.used, self._now - SLACK_SECONDS)
        heapq.heappush(entry.ready, (due, next(self._order), step))
        self._ready += 1

    def take(self) -> tuple[str, T] | None:
        """Returns account and step of what is next, and takes it away; None if nothing is."""
        ready = {name: entry for name, entry in self._accounts.items() if entry.ready}
        if not ready:
            return None
        least = min(entry.used for entry in ready.values())
        self._now = max(self._now, least)
        within = (name for name, entry in ready.items() if entry.used <= least + SLACK_SECONDS)
        name = min(within, key=lambda name: ready[name].ready[0][:2])
        entry = ready[name]
        entry.running += 1
        self._ready -= 1
        return name, heapq.heappop(entry.ready)[2]

    def charge(self, account: str, seconds: float) -> None:
        """Counts a step that was taken and is done.

        Args:
            account: Whose it was.
            seconds: For how long it held a thread.
        """
        entry = self._accounts[account]
        entry.running -= 1
        entry.used += seconds

    def _forget_idle(self) -> None:
        """Keeps the table small, however many clients come and go."""
        if len(self._accounts) < _ACCOUNTS:
            return
        kept = {name: entry for name, entry in self._accounts.items() if not entry.idle}
        self._accounts = kept


@dataclass
class _ClientUsage(Generic[T]):
    """What a client has used, in seconds, and what waits for it."""

    used: float
    ready: list[tuple[float, int, T]] = field(default_factory=list)
    running: int = 0

    @property
    def idle(self) -> bool:
        return not self.ready and not self.running
