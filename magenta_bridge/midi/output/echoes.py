"""Recognizes output that comes back as input."""

from __future__ import annotations

import logging
import threading
from collections import deque
from typing import Final

from mido import Message

from magenta_bridge.midi.timing.steady_clock import SteadyClock

_LOG = logging.getLogger(__name__)
# A message that comes back later than this is a musician's.
_ECHO_S: Final = 0.1
_KEPT: Final = 256
# A musician may play the same as the output by chance, but hardly this often.
_CERTAIN: Final = 3
_FORGOTTEN_S: Final = 2.0


class Echoes:
    """Compares incoming messages with those that were just sent.

    A message is an echo if an equal one, velocity included, was sent less than 0.1 s before.
    After three of them without two seconds of rest, the output comes back as input.

    Threading: safe from any number of threads.

    Args:
        clock: The clock.
    """

    def __init__(self, clock: SteadyClock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._sent: deque[tuple[float, bytes]] = deque(maxlen=_KEPT)
        self._count = 0
        self._last = 0.0

    def add(self, message: Message) -> None:
        """Remember a message that is being sent."""
        with self._lock:
            self._sent.append((self._clock.now(), bytes(message.bytes())))

    def is_echo(self, message: Message) -> bool:
        """Return whether an incoming message must be ignored; warn about the first one."""
        with self._lock:
            now, data = self._clock.now(), bytes(message.bytes())
            while self._sent and now - self._sent[0][0] > _ECHO_S:
                self._sent.popleft()
            sent = next((each for each in self._sent if each[1] == data), None)
            if sent is None:
                return False
            self._sent.remove(sent)
            self._count = self._count + 1 if now - self._last < _FORGOTTEN_S else 1
            self._last = now
        if self._count == _CERTAIN:
            _LOG.warning(
                "The output comes back as input, and is ignored there. Connect them to different "
                "ports, or turn off the MIDI thru of the instrument."
            )
        return self._count >= _CERTAIN
