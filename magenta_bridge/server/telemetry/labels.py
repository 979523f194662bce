"""Keeps the values of a label few, whatever callers send.

Each value of a label is a series that is kept for as long as the server runs.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection
from typing import Final

from google.protobuf import descriptor_pool

OTHER: Final = "other"
MOST_NAMES: Final = 100

_methods: dict[str, str] = {}


def known_method(method: str) -> str:
    """Returns ``package.Service/Method`` when some proto has it, and ``other`` when none does.

    Args:
        method: The full name, as a call bears it, ``/package.Service/Method``.
    """
    known = _methods.get(method)
    if known is not None:
        return known
    name = method.removeprefix("/")
    try:
        found = descriptor_pool.Default().FindMethodByName(name.replace("/", "."))
    except (KeyError, ValueError):
        return OTHER
    if name != f"{found.containing_service.full_name}/{found.name}":
        return OTHER
    return _methods.setdefault(method, name)


class KnownNames:
    """Lets the names pass that are known, and at most so many of them.

    Generators may come and go while a server runs; those that went keep their series.

    Threading: any thread may call anything.

    Args:
        known: Returns the names known now.
        most: How many different ones may pass.
    """

    def __init__(self, known: Callable[[], Collection[str]], most: int = MOST_NAMES) -> None:
        self._known = known
        self._most = most
        self._passed: set[str] = set()
        self._lock = threading.Lock()

    def label(self, name: str) -> str:
        """Returns the name, or ``other``."""
        if name in self._passed:
            return name
        if name not in self._known():
            return OTHER
        with self._lock:
            if len(self._passed) >= self._most:
                return OTHER
            self._passed.add(name)
        return name
