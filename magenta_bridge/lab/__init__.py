"""Workflows: train, evaluate, compare, search. Arguments in, results out, progress by callbacks.

Functions of this package do not print, exit, or read ``sys.argv``. An exception that a callback
raises, KeyboardInterrupt included, ends the workflow and reaches its caller.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from magenta_bridge.data.corpus import CorpusReport
from magenta_bridge.errors import UnsupportedError
from magenta_bridge.runtime.interpreter import silent_stderr

if TYPE_CHECKING:
    from magenta_bridge.training.checkpoint import Progress


def load_packages(purpose: str, *names: str) -> None:
    """Import packages without the messages that TensorFlow prints on import.

    Args:
        purpose: Start of the error message, such as ``Training``.
        names: Packages, as they are imported.

    Raises:
        UnsupportedError: A package is not installed.
    """
    missing = [name for name in names if importlib.util.find_spec(name) is None]
    if missing:
        raise UnsupportedError(
            f"{purpose} requires {' and '.join(missing)}; install the training extra: "
            'pip install "magenta-bridge[train]"'
        )
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with silent_stderr():
        for name in names:
            importlib.import_module(name)


class FileCounter(CorpusReport):
    """A report on a corpus that passes the number of files read so far to a callback.

    As a context manager, it reports the files that could not be read in one table at the end.
    """

    def __init__(self, on_file: Callable[[int], None], on_message: Callable[[str], None]) -> None:
        super().__init__()
        self._on_file = on_file
        self._on_message = on_message

    def __enter__(self) -> FileCounter:
        return self

    def __exit__(self, *error: object) -> None:
        if self.refused:
            width = max(map(len, self.refused))
            rows = [
                f"  {name:{width}}  {reason.removeprefix(name).lstrip(': ')}"
                for name, reason in self.refused.items()
            ]
            self._on_message("\n".join([f"Files that cannot be read: {len(rows)}", *rows]))

    def note_read(self) -> None:
        """Count a file."""
        super().note_read()
        self._on_file(self.read)


def ignore(*values: object) -> None:
    """Do nothing: the default callback."""


def never() -> bool:
    """Return False: the default of ``stop``."""
    return False


@dataclass(frozen=True)
class Callbacks:
    """The callbacks of ``train`` and ``search``, a ``training.loop.Watcher``."""

    on_file: Callable[[int], None] = ignore
    on_batch: Callable[[int, int, int, int, float], None] = ignore
    on_epoch: Callable[[Progress], None] = ignore
    on_message: Callable[[str], None] = ignore
    stop: Callable[[], bool] = never
