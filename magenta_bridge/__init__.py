"""Magenta Bridge: a neural music generator that lives inside Ableton Live.

The public names are resolved at first use, so that importing the package loads no library.
"""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, Final

from magenta_bridge.errors import (
    BundleError,
    CancelledError,
    DeadlineError,
    FileFormatError,
    ForbiddenError,
    InternalError,
    InvalidArgumentError,
    InvalidSequenceError,
    LimitExceededError,
    MagentaBridgeError,
    MidiHubError,
    NotFoundError,
    OverloadedError,
    PermissionDeniedError,
    RateLimitedError,
    ServerUnavailableError,
    TrainingError,
    UnauthenticatedError,
    UnimplementedError,
    UnsupportedError,
)

__version__ = "0.1.0"

# The module of each name.
_HOMES: Final = {
    "AsyncClient": "magenta_bridge.client",
    "Client": "magenta_bridge.client",
    "Comparison": "magenta_bridge.lab.compare",
    "Evaluation": "magenta_bridge.lab.evaluate",
    "Generator": "magenta_bridge.local",
    "GeneratorInfo": "magenta_bridge.description",
    "LocalServer": "magenta_bridge.server.local_server",
    "NoteSequence": "magenta_bridge.noteseq",
    "Notice": "magenta_bridge.description",
    "SearchResult": "magenta_bridge.lab.search",
    "TlsFiles": "magenta_bridge.certificates.tls",
    "TrainingRun": "magenta_bridge.lab.train",
    "compare": "magenta_bridge.lab.compare",
    "evaluate": "magenta_bridge.lab.evaluate",
    "load": "magenta_bridge.local",
    "read": "magenta_bridge.formats",
    "search": "magenta_bridge.lab.search",
    "serve": "magenta_bridge.server.local_server",
    "train": "magenta_bridge.lab.train",
    "write": "magenta_bridge.formats",
}
_MODULES: Final = {"errors", "render"}

__all__ = [  # noqa: PLE0604, RUF100
    "AsyncClient",
    "BundleError",
    "CancelledError",
    "Client",
    "Comparison",
    "DeadlineError",
    "Evaluation",
    "FileFormatError",
    "ForbiddenError",
    "Generator",
    "GeneratorInfo",
    "InternalError",
    "InvalidArgumentError",
    "InvalidSequenceError",
    "LimitExceededError",
    "LocalServer",
    "MagentaBridgeError",
    "MidiHubError",
    "NotFoundError",
    "NoteSequence",
    "Notice",
    "OverloadedError",
    "PermissionDeniedError",
    "RateLimitedError",
    "SearchResult",
    "ServerUnavailableError",
    "TlsFiles",
    "TrainingError",
    "TrainingRun",
    "UnauthenticatedError",
    "UnimplementedError",
    "UnsupportedError",
    "__version__",
    "compare",
    "errors",
    "evaluate",
    "load",
    "read",
    "render",
    "search",
    "serve",
    "train",
    "write",
]

if TYPE_CHECKING:
    from magenta_bridge import errors, render
    from magenta_bridge.certificates.tls import TlsFiles
    from magenta_bridge.client import AsyncClient, Client
    from magenta_bridge.description import GeneratorInfo, Notice
    from magenta_bridge.formats import read, write
    from magenta_bridge.lab.compare import Comparison, compare
    from magenta_bridge.lab.evaluate import Evaluation, evaluate
    from magenta_bridge.lab.search import SearchResult, search
    from magenta_bridge.lab.train import TrainingRun, train
    from magenta_bridge.local import Generator, load
    from magenta_bridge.noteseq import NoteSequence
    from magenta_bridge.server.local_server import LocalServer, serve


def __getattr__(name: str) -> object:
    if name in _MODULES:
        return importlib.import_module(f"magenta_bridge.{name}")
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(home), name)


if sys.modules.get("IPython"):
    from magenta_bridge.render.notebook import register

    register()
