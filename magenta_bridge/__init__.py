"""Magenta Bridge: a neural music generator that lives inside Ableton Live.

The public names are resolved at first use, so that importing the package costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

__version__ = "0.1.0"

_HOMES = {
    "AsyncClient": "magenta_bridge.client",
    "Client": "magenta_bridge.client",
    "MagentaBridgeError": "magenta_bridge.errors",
    "NoteSequence": "magenta_bridge.noteseq",
    "read": "magenta_bridge.formats",
    "write": "magenta_bridge.formats",
}

__all__ = [  # noqa: PLE0604, RUF100
    "AsyncClient",
    "Client",
    "MagentaBridgeError",
    "NoteSequence",
    "__version__",
    "read",
    "write",
]

if TYPE_CHECKING:
    from magenta_bridge.client import AsyncClient, Client
    from magenta_bridge.errors import MagentaBridgeError
    from magenta_bridge.formats import read, write
    from magenta_bridge.noteseq import NoteSequence


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(home), name)
