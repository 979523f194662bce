"""The bundles of a comparison, and its page: looked at before any work is done."""

from __future__ import annotations

import hashlib
import importlib.util
import platform
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Final

from magenta_bridge import __version__
from magenta_bridge.errors import InvalidArgumentError, UnsupportedError
from magenta_bridge.evaluation.report.blocks import MAKER
from magenta_bridge.files import ready_folder
from magenta_bridge.generators.bundle import Bundle, read_bundle
from magenta_bridge.generators.generator import SequenceGenerator
from magenta_bridge.generators.loading import find_bundle_file, load_generator

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


_NEEDED: Final = ("jinja2", "scipy")
_SUFFIXES: Final = (".html", ".htm")
_HEAD_BYTES: Final = 1000
_PNG: Final = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True)
class Entry:
    """One bundle, ready.

    Attributes:
        name: What the report calls it; no two are called the same.
        path: Its file.
        bundle: What the file holds.
        generator: The same, ready to play.
        sha256: Digest of the file, hexadecimal.
        curve: The learning curve beside it, PNG; None where there is none.
    """

    name: str
    path: Path
    bundle: Bundle
    generator: SequenceGenerator
    sha256: str
    curve: bytes | None


def check_parts() -> None:
    """Makes sure that what a report needs is installed.

    Raises:
        UnsupportedError: Something is missing.
    """
    missing = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise UnsupportedError(
            f"A comparison needs {' and '.join(missing)}; install what is missing with: "
            'pip install "magenta-bridge[train]"'
        )


def check_output(path: Path) -> None:
    """Makes sure that a page can be written, and that nothing else is lost by it.

    Raises:
        InvalidArgumentError: It is a folder, no name of a page, or a file of another make.
        NotFoundError: Its folder cannot be made or takes no files.
    """
    if path.is_dir():
        raise InvalidArgumentError(f"{path} is a folder; give the name of a page in it.")
    if path.suffix.lower() not in _SUFFIXES:
        raise InvalidArgumentError(f"{path} must end in {' or '.join(_SUFFIXES)}.")
    if path.exists() and not _is_ours(path):
        raise InvalidArgumentError(
            f"{path} is no page of an earlier comparison; choose another name, so that it stays."
        )
    ready_folder(path.parent)


def read_entries(names: Sequence[str]) -> list[Entry]:
    """Loads the bundles of a comparison.

    Args:
        names: Files, or ids of shipped ones.

    Raises:
        NotFoundError: One is not there.
        BundleError: One is damaged.
        InvalidArgumentError: Two are the same, or not of one encoding.
    """
    paths = [find_bundle_file(name) for name in names]
    digests = [hashlib.sha256(path.read_bytes()).hexdigest() for path in paths]
    for index, digest in enumerate(digests):
        first = digests.index(digest)
        if first < index:
            raise InvalidArgumentError(
                f"{names[first]} and {names[index]} are the same bundle; name each one once."
            )
    bundles = [read_bundle(path) for path in paths]
    _check_encodings(bundles)
    return [
        Entry(name, path, bundle, load_generator(path), digest, _curve_beside(path))
        for name, path, bundle, digest in zip(
            _called_apart(bundles, paths), paths, bundles, digests, strict=True
        )
    ]


def _is_ours(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return MAKER.encode() in file.read(_HEAD_BYTES)
    except OSError:
        return False


def _check_encodings(bundles: Sequence[Bundle]) -> None:
    first, *others = bundles
    for other in others:
        one, another = (str(each.traits.get("encoding")) for each in (first, other))
        if one != another:
            raise InvalidArgumentError(
                f"{first.id} writes {one} and {other.id} writes {another}; neither their "
                "likelihoods nor their music can be compared, so name bundles of one encoding."
            )


def _called_apart(bundles: Sequence[Bundle], paths: Sequence[Path]) -> list[str]:
    """Returns the ids, with the file's name behind where two are called the same."""
    counts = Counter(bundle.id for bundle in bundles)
    names = [
        bundle.id if counts[bundle.id] == 1 else f"{bundle.id} ({path.stem})"
        for bundle, path in zip(bundles, paths, strict=True)
    ]
    again = Counter(names)
    return [
        name if again[name] == 1 else f"{name} {number}"
        for number, name in enumerate(names, start=1)
    ]


def _curve_beside(path: Path) -> bytes | None:
    try:
        data = path.with_suffix(".png").read_bytes()
    except OSError:
        return None
    return data if data.startswith(_PNG) else None
