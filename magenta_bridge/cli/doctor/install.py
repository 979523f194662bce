"""Is everything installed: Python, the packages, TensorFlow for those who train."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import platform
import sys
from collections.abc import Iterator

from packaging.requirements import Requirement

from magenta_bridge import __version__
from magenta_bridge.cli.doctor.check_result import Finding, fail, ok, warn

_DISTRIBUTION = "magenta-bridge"
_SUPPORTED = ((3, 10), (3, 14))


def check_python() -> Finding:
    """Is this a version of Python that we are tested with."""
    told = f"Python {platform.python_version()} on {platform.system()} {platform.machine()}"
    oldest, newest = _SUPPORTED
    if oldest <= sys.version_info[:2] <= newest:
        return ok("python", told)
    return warn("python", told, "Use Python 3.10 to 3.14.")


def check_packages() -> Iterator[Finding]:
    """Are the packages there that the base install names."""
    try:
        stated = importlib.metadata.requires(_DISTRIBUTION) or []
    except importlib.metadata.PackageNotFoundError:
        yield warn(
            "packages",
            f"Magenta Bridge {__version__} runs from a folder and is not installed",
            "In that folder, run: pip install .",
        )
        return
    versions, missing = [f"magenta-bridge {__version__}"], []
    for name in _base_names(stated):
        try:
            versions.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            missing.append(name)
    if missing:
        names = " ".join(missing)
        yield fail("packages", f"not installed: {names}", f"Run: pip install {names}")
    yield ok("packages", ", ".join(versions))


def check_training() -> Finding:
    """Can this install train; TensorFlow is looked for, not imported."""
    absent = [name for name in ("tensorflow", "keras") if importlib.util.find_spec(name) is None]
    if absent:
        return ok(
            "training",
            f"not installed ({', '.join(absent)}); only training needs it: "
            'pip install "magenta-bridge[train]"',
        )
    versions = [f"{name} {_version(name)}" for name in ("tensorflow", "keras")]
    return ok("training", ", ".join(versions))


def _base_names(requirements: list[str]) -> list[str]:
    """Returns the names of requirements that belong to no extra, and to this Python and system."""
    wanted = [Requirement(each) for each in requirements]
    return [
        each.name for each in wanted if each.marker is None or each.marker.evaluate({"extra": ""})
    ]


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        # Some builds carry another name, such as tensorflow-cpu.
        return "(version unknown)"
