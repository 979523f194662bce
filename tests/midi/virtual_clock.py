"""A clock whose time a test sets, and a port that uses it."""

from __future__ import annotations

import threading
from types import EllipsisType
from typing import TYPE_CHECKING

from magenta_bridge.midi.ports.memory_port import EchoPort
from magenta_bridge.midi.timing.steady_clock import SPIN_S, SteadyClock
from tests.midi.bounded import TIMEOUT_S

if TYPE_CHECKING:
    from mido import Message


class VirtualClock(SteadyClock):
    """Wall and monotonic time, which are equal and advance only on request.

    Threading: any thread.

    Args:
        start: The initial time in seconds.
        automatic: Whether a wait advances the time instead of blocking, for tests without threads.
    """

    def __init__(self, start: float = 1000.0, *, automatic: bool = True) -> None:
        self._time = start
        self._automatic = automatic
        # What each waiting thread waits on, and until when.
        self._waiting: dict[threading.Condition, float | None] = {}
        super().__init__(lambda: self._time, lambda: self._time)

    def advance_to(self, seconds: float) -> None:
        """Set the time, unless it is later, and wake the threads that wait for it."""
        self._time = max(self._time, seconds)
        for condition in list(self._waiting):
            with condition:
                condition.notify_all()

    def is_waiting(
        self, condition: threading.Condition, expected: float | EllipsisType | None = ...
    ) -> bool:
        """Return whether a thread waits on a condition for a later time, or the expected one."""
        until = self._waiting.get(condition, ...)
        if until is ... or (expected is not ... and until != expected):
            return False
        return until is None or until > self._time + SPIN_S

    def wait(self, condition: threading.Condition, until: float | None) -> None:
        """See ``SteadyClock.wait``."""
        if self._automatic and until is not None:
            self._time = max(self._time, until)
        elif until is None or until > self._time + SPIN_S:
            self._waiting[condition] = until
            condition.wait(TIMEOUT_S)
            del self._waiting[condition]

    def sleep_until(self, seconds: float) -> None:
        """Advance to a time."""
        self.advance_to(seconds)


class ClockedPort(EchoPort):
    """Both ends of a port; messages get the time of a clock.

    Attributes:
        messages: The messages sent so far, until ``callback`` is set.
    """

    def __init__(self, clock: SteadyClock, name: str = "port") -> None:
        super().__init__(name)
        self._clock = clock
        self.messages: list[Message] = []
        self.callback = self.messages.append

    def send(self, message: Message) -> None:
        """Deliver a message with the current time."""
        if self.callback is not None:
            self.callback(message.copy(time=self._clock.monotonic()))
