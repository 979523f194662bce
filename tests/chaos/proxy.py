"""A TCP proxy that delays, cuts, stalls and half-closes connections."""

from __future__ import annotations

import asyncio
import contextlib
import enum
import random
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType

_READ_BYTES = 16_384


class Fault(enum.Enum):
    """A fault of a connection."""

    NONE = enum.auto()
    DELAY = enum.auto()
    CUT = enum.auto()
    STALL = enum.auto()
    HALF_CLOSE = enum.auto()


@dataclass(frozen=True)
class Plan:
    """The fault of one connection.

    Attributes:
        fault: The fault.
        after: Bytes of both directions together that pass before it.
        seconds: Delay of each packet, for ``Fault.DELAY``.
    """

    fault: Fault
    after: int = 0
    seconds: float = 0.0


def draw_plan(draw: random.Random) -> Plan:
    """Return a random plan."""
    after = int(10 ** draw.uniform(0, 4.5))
    return Plan(draw.choice(list(Fault)), after, draw.uniform(0.0, 0.05))


class ChaosProxy:
    """A proxy for a server, on a free loopback port.

    Threading: call it on one event loop.

    Args:
        target: ``HOST:PORT`` of the server.
        next_plan: Returns the plan of each connection.
    """

    def __init__(self, target: str, next_plan: Callable[[], Plan]) -> None:
        host, _, port = target.rpartition(":")
        self._target = (host, int(port))
        self._next_plan = next_plan
        self._connections: set[asyncio.Task[None]] = set()
        self._sockets: list[socket.socket] = []

    async def __aenter__(self) -> ChaosProxy:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.setblocking(False)
        host, port = self._listener.getsockname()
        self.address = f"{host}:{port}"
        asyncio.get_running_loop().add_reader(self._listener, self._accept)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        asyncio.get_running_loop().remove_reader(self._listener)
        self._listener.close()
        for connection in self._connections:
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        for end in self._sockets:
            end.close()

    def _accept(self) -> None:
        here, _ = self._listener.accept()
        self._sockets.append(here)
        connection = asyncio.ensure_future(self._serve(here))
        self._connections.add(connection)
        connection.add_done_callback(self._connections.discard)

    async def _serve(self, here: socket.socket) -> None:
        link = _Link(self._next_plan())
        there = socket.socket()
        self._sockets.append(there)
        for end in (here, there):
            end.setblocking(False)
        await asyncio.get_running_loop().sock_connect(there, self._target)
        pumps = [
            asyncio.ensure_future(link.pump(here, there)),
            asyncio.ensure_future(link.pump(there, here)),
        ]
        try:
            await asyncio.wait(pumps, return_when=link.over_when)
        finally:
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
            for end in (here, there):
                _reset(end)


def _reset(end: socket.socket) -> None:
    """Reset a connection."""
    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    end.close()


class _Link:
    """A connection, whose two directions share a plan."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._passed = 0
        # A half-closed connection continues in the other direction.
        half = plan.fault is Fault.HALF_CLOSE
        self.over_when = asyncio.ALL_COMPLETED if half else asyncio.FIRST_COMPLETED

    async def pump(self, source: socket.socket, sink: socket.socket) -> None:
        """Forward bytes in one direction until the end or the fault."""
        loop = asyncio.get_running_loop()
        with contextlib.suppress(OSError):
            while data := await loop.sock_recv(source, _READ_BYTES):
                self._passed += len(data)
                if self._passed > self._plan.after and not await self._survives():
                    break
                await loop.sock_sendall(sink, data)
            sink.shutdown(socket.SHUT_WR)

    async def _survives(self) -> bool:
        """Apply the fault; return whether the connection continues."""
        fault = self._plan.fault
        if fault is Fault.DELAY:
            await asyncio.sleep(self._plan.seconds)
        if fault is Fault.STALL:
            await asyncio.Event().wait()
        return fault in (Fault.NONE, Fault.DELAY)
