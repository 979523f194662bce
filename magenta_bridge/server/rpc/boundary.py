"""Stands around every method of ours: who may call, for how long, and errors as statuses."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Sequence
from typing import Final, Protocol

from google.rpc import status_pb2

from magenta_bridge.errors import (
    DeadlineError,
    InternalError,
    MagentaBridgeError,
    ServerUnavailableError,
)
from magenta_bridge.limits import LONGEST_REQUEST_SECONDS, REQUEST_SECONDS
from magenta_bridge.server.rpc.call import Call
from magenta_bridge.server.rpc.status import status_of

_TOO_LONG: Final = (
    "The time allowed for the request has passed, and it was stopped; ask for less music at "
    "once, or allow more time."
)

# A caller takes a call back when its own clock says so, a little before ours does.
_DEADLINE_SLACK_SECONDS: Final = 0.02


class Gate(Protocol):
    """Lets calls in or refuses them, before any work is done."""

    def admit(self, call: Call) -> Call:
        """Returns the call, with what is now known of its caller.

        Raises:
            MagentaBridgeError: It is refused; the caller is told so.
        """


class Observer(Protocol):
    """Sees calls go by."""

    def began(self, call: Call) -> None:
        """Hears of a call before it passes the gates."""

    def ended(self, call: Call, code: str, reason: str, seconds: float) -> None:
        """Hears how it ended.

        Args:
            call: The call, as the gates left it.
            code: Name of the canonical code, such as ``OK``.
            reason: The error's reason, such as ``OVERLOADED``; empty when there was none.
            seconds: How long it took.
        """


class CallError(Exception):
    """A call ended with a status other than OK.

    Attributes:
        status: What the caller gets to know.
    """

    def __init__(self, status: status_pb2.Status) -> None:
        super().__init__(status.message)
        self.status = status


class Boundary:
    """Makes sure that a caller sees results or a documented status, and nothing else.

    Threading: one event loop uses it.

    Args:
        seconds: Time for a request that brings no deadline.
        longest: Time for a request that brings a later deadline than that.
        gates: Who may pass; asked in order.
        observers: Who hears of every call.
    """

    def __init__(
        self,
        seconds: float = float(REQUEST_SECONDS.value),
        *,
        longest: float = float(LONGEST_REQUEST_SECONDS.value),
        gates: Sequence[Gate] = (),
        observers: Sequence[Observer] = (),
    ) -> None:
        self._seconds = seconds
        self._longest = longest
        self._gates = tuple(gates)
        self._observers = tuple(observers)
        self._refusing = False
        self._calls = 0
        self._idle = asyncio.Event()
        self._idle.set()

    def deadline(self, remaining: float | None) -> float:
        """Returns when a call must end, by ``time.monotonic()``.

        Args:
            remaining: Seconds that the caller allows; None if it does not say.
        """
        allowed = self._seconds if remaining is None else min(remaining, self._longest)
        return time.monotonic() + allowed

    @property
    def refusing(self) -> bool:
        """Whether new calls are refused, since the server is going away."""
        return self._refusing

    def refuse(self) -> None:
        """Answers every new call with UNAVAILABLE from now on; those in hand go on."""
        self._refusing = True

    async def wait_idle(self) -> None:
        """Returns when no call is in hand."""
        await self._idle.wait()

    @contextlib.asynccontextmanager
    async def enter(self, call: Call) -> AsyncIterator[Call]:
        """Opens the boundary for one call.

        Args:
            call: The call.

        Yields:
            The call, with what the gates found out.

        Raises:
            Refused: It did not end well.
        """
        began = time.monotonic()
        self._calls += 1
        self._idle.clear()
        code, reason = "CANCELLED", ""
        for observer in self._observers:
            observer.began(call)
        try:
            if self._refusing:
                raise ServerUnavailableError("The server is shutting down; try again later.")
            for gate in self._gates:
                call = gate.admit(call)
            yield call
            code = "OK"
        except Exception as raised:
            known = DeadlineError(_TOO_LONG) if isinstance(raised, asyncio.TimeoutError) else raised
            code, reason = _named(known)
            about = {"method": call.method, "request_id": call.name}
            raise CallError(status_of(known, where=_place(call), about=about)) from raised
        finally:
            if code == "CANCELLED" and call.time_remaining() < _DEADLINE_SLACK_SECONDS:
                code = reason = DeadlineError.code
            self._calls -= 1
            if not self._calls:
                self._idle.set()
            for observer in self._observers:
                observer.ended(call, code, reason, time.monotonic() - began)


def _named(error: Exception) -> tuple[str, str]:
    """Returns code and reason of what a caller gets to know of an error."""
    if isinstance(error, MagentaBridgeError) and error.code != "UNKNOWN":
        return error.code, error.reason
    return InternalError.code, InternalError.reason


def _place(call: Call) -> str:
    return f"{call.method} {call.name!r}"
