"""The original to compare with: note_seq, imported when a test asks for it."""

from __future__ import annotations

import functools
import importlib
import warnings
from types import ModuleType


@functools.cache
def note_seq() -> ModuleType:
    """Return the package. It takes seconds to load, and what it loads warns."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return importlib.import_module("note_seq")
