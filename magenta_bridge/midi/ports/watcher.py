"""Poll the list of ports twice per second, because MIDI systems do not report changes."""

from __future__ import annotations

import logging
import threading
import weakref
from collections.abc import Callable

from magenta_bridge.errors import MagentaBridgeError
from magenta_bridge.midi.ports.backend import MidiSystem, current_system
from magenta_bridge.midi.ports.port import PortGoneError
from magenta_bridge.midi.ports.reconnecting_port import SteadyPort

INTERVAL_S = 0.5

_log = logging.getLogger(__name__)

Listener = Callable[[SteadyPort], None]


class PortWatcher:
    """Keeps ports connected: detects loss and return within half a second.

    Threading: one thread of its own, which calls the ports' ``on_change`` and the listeners.

    Args:
        interval_s: Seconds between two looks.
    """

    def __init__(self, *, interval_s: float = INTERVAL_S) -> None:
        self._interval_s = interval_s
        self._ports: weakref.WeakSet[SteadyPort] = weakref.WeakSet()
        self._listeners: list[Listener] = []
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()

    def add(self, port: SteadyPort) -> None:
        """Watch a port until it is garbage-collected."""
        with self._lock:
            self._ports.add(port)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="midi-ports", daemon=True)
                self._thread.start()

    def listen(self, listener: Listener) -> None:
        """Report every port that is lost or returns to a listener."""
        with self._lock:
            self._listeners.append(listener)

    def look(self) -> None:
        """Check all ports once."""
        system = _living_system()
        for port in self._watched():
            before = port.state
            port.look(*_seen(system, port))
            if port.state is not before:
                self._tell(port)

    def _tell(self, port: SteadyPort) -> None:
        _log.info("The MIDI %s %r is %s.", port.direction, port.name, port.state.value)
        with self._lock:
            listeners = list(self._listeners)
        for listener in listeners:
            listener(port)

    def _watched(self) -> list[SteadyPort]:
        with self._lock:
            return list(self._ports)

    def _run(self) -> None:
        while not self._stop.wait(self._interval_s):
            try:
                self.look()
            except Exception:  # noqa: BLE001 - keep polling; the next check may succeed
                _log.exception("Looking for MIDI ports failed.")


def _living_system() -> MidiSystem | None:
    try:
        return current_system()
    except MagentaBridgeError:
        return None


def _seen(system: MidiSystem | None, port: SteadyPort) -> tuple[MidiSystem | None, list[str]]:
    if system is None:
        return None, []
    try:
        return system, system.port_names(port.direction)
    except PortGoneError:
        return None, []


watcher = PortWatcher()
