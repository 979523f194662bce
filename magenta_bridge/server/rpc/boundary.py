"""The boundary around every call of our services: admission, deadlines, errors as statuses."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Final, Protocol

from google.rpc import status_pb2

from magenta_bridge.errors import (
    DeadlineError,
    InternalError,
    MagentaBridgeError,
    OverloadedError,
    ServerUnavailableError,
)
from magenta_bridge.limits import LONGEST_REQUEST_SECONDS, OPEN_BYTES, REQUEST_SECONDS
from magenta_bridge.server.rpc.call import Call
from magenta_bridge.server.rpc.status import status_of

_TIMEOUT: Final = (
    "The request took longer than its timeout and was stopped; request less music at once, or "
    "set a longer timeout."
)

# A client cancels a call at its own deadline, which comes a little before ours.
_DEADLINE_SLACK_SECONDS: Final = 0.02


class Gate(Protocol):
    """Admits or rejects calls before any work is done."""

    def admit(self, call: Call) -> Call:
        """Return the call, with what is now known about its caller.

        Raises:
            MagentaBridgeError: The call is rejected; the caller receives this error.
        """


class Observer(Protocol):
    """Observes every call, for instance to count or log it."""

    def began(self, call: Call) -> None:
        """Handle the start of a call, before it passes the gates."""

    def ended(self, call: Call, code: str, reason: str, seconds: float) -> None:
        """Handle the end of a call.

        Args:
            call: The call, as the gates returned it.
            code: Name of the canonical code, such as ``OK``.
            reason: The error's reason, such as ``OVERLOADED``; empty without an error.
            seconds: Duration of the call.
        """


class CallError(Exception):
    """A call ended with a status other than OK.

    Attributes:
        status: The status that the caller receives.
    """

    def __init__(self, status: status_pb2.Status) -> None:
        super().__init__(status.message)
        self.status = status


class Boundary:
    """Ensures that a caller receives a result or a documented status, and nothing else.

    Threading: call it on one event loop.

    Args:
        seconds: Timeout of a request without a deadline.
        longest: Maximum timeout of a request; later deadlines are shortened to it.
        gates: Admission checks, in order.
        observers: Observers of every call.
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
        self.draining = False
        self._calls = 0
        self._memory = 0
        self._idle = asyncio.Event()
        self._idle.set()

    def deadline(self, remaining: float | None) -> float:
        """Return when a call must end, by ``time.monotonic()``.

        Args:
            remaining: The caller's timeout in seconds; None if it has none.
        """
        allowed = self._seconds if remaining is None else min(remaining, self._longest)
        return time.monotonic() + allowed

    def drain(self) -> None:
        """Reject new calls with UNAVAILABLE; calls in flight continue."""
        self.draining = True

    async def wait_idle(self) -> None:
        """Return when no call is in flight."""
        await self._idle.wait()

    def admit(self, call: Call) -> Call:
        """Return the call as the gates return it.

        Raises:
            MagentaBridgeError: A gate rejects it.
        """
        for gate in self._gates:
            call = gate.admit(call)
        return call

    @contextlib.asynccontextmanager
    async def enter(self, call: Call) -> AsyncIterator[Call]:
        """Run one call inside the boundary.

        Yields:
            The call, as the gates returned it.

        Raises:
            CallError: The call failed or was rejected.
        """
        began = time.monotonic()
        self._calls += 1
        self._idle.clear()
        code, reason = "CANCELLED", ""
        for observer in self._observers:
            observer.began(call)
        try:
            if self.draining:
                raise ServerUnavailableError("The server is shutting down; try again later.")
            for gate in self._gates:  # one by one, so that observers see what is known
                call = gate.admit(call)
            with self._hold(call.memory):
                yield call
            code = "OK"
        except Exception as raised:
            error = DeadlineError(_TIMEOUT) if isinstance(raised, asyncio.TimeoutError) else raised
            code, reason = _code_and_reason(error)
            raise CallError(
                status_of(
                    error,
                    where=f"{call.method} {call.name!r}",
                    about={"method": call.method, "request_id": call.name},
                )
            ) from raised
        finally:
            if code == "CANCELLED" and call.time_remaining() < _DEADLINE_SLACK_SECONDS:
                code = reason = DeadlineError.code
            self._calls -= 1
            if not self._calls:
                self._idle.set()
            for observer in self._observers:
                observer.ended(call, code, reason, time.monotonic() - began)

    @contextlib.contextmanager
    def _hold(self, memory: int) -> Iterator[None]:
        """Count the memory of a request, or reject it if there is too much."""
        if self._memory + memory > OPEN_BYTES.value:
            raise OverloadedError(
                "The server has too many large requests at once; try again in a moment.",
                metadata={"limit": OPEN_BYTES.name, "maximum": str(OPEN_BYTES.value)},
            )
        self._memory += memory
        try:
            yield
        finally:
            self._memory -= memory


def _code_and_reason(error: Exception) -> tuple[str, str]:
    if isinstance(error, MagentaBridgeError) and error.code != "UNKNOWN":
        return error.code, error.reason
    return InternalError.code, InternalError.reason
