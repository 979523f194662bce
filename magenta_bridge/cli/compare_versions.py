"""Versions of what figures were computed with."""

from __future__ import annotations

import platform
from importlib import metadata
from typing import Final

from magenta_bridge import __version__

_PACKAGES: Final = ("ai-edge-litert", "numpy", "scipy", "keras", "tensorflow")


def versions() -> dict[str, str]:
    """Returns versions by name; packages that are not installed are left out."""
    found = {"Magenta Bridge": __version__, "Python": platform.python_version()}
    for name in _PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    found["computer"] = f"{platform.system()}, {platform.machine()}"
    return found
