"""A folder of ``.mag`` files, and what changes in it between two listings."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from magenta_bridge.errors import InvalidArgumentError, NotFoundError

_SUFFIX: Final = ".mag"
_LONGEST_NAME: Final = 255
# Separators of either kind, drive letters and streams of Windows, and control characters.
_FORBIDDEN: Final = re.compile(r"[/\\:\x00-\x1f\x7f]")


@dataclass(frozen=True)
class Stamp:
    """Identifies the content of a file, as far as its directory entry can.

    Attributes:
        size: Bytes.
        changed_ns: Time of the last change, in nanoseconds of the file system's clock.
    """

    size: int
    changed_ns: int


class BundleFolder:
    """A folder of bundles."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def look(self) -> dict[str, Stamp]:
        """Return the bundles in the folder, by name in alphabetical order.

        Hidden files are left out: files still being written, and those that macOS writes on
        foreign drives.

        Raises:
            NotFoundError: The folder cannot be read.
        """
        try:
            names = sorted(path.name for path in self.path.iterdir())
        except OSError as error:
            raise NotFoundError(
                f"Cannot read the bundle folder {self.path}: {error.strerror}."
            ) from error
        stamps = ((name, self._stamp(name)) for name in names if _is_bundle_name(name))
        return {name: stamp for name, stamp in stamps if stamp is not None}

    def _stamp(self, name: str) -> Stamp | None:
        path = self.path / name
        try:
            # The entry in the listing is outdated on Windows while a file is written.
            found = path.stat()
            return Stamp(found.st_size, found.st_mtime_ns) if path.is_file() else None
        except OSError:
            return None


class Changes:
    """Decides which files of a folder to load, and which are gone.

    A file is loaded when two listings agree about it, and gone when two listings lack it: a copy
    takes time, and a file may be moved just before its successor appears.

    Args:
        attempts: How often to try a file that cannot be loaded while it stays the same; some
            programs set a file's full size first and write its content later.
    """

    def __init__(self, *, attempts: int = 3) -> None:
        self._attempts = attempts
        self._before: Mapping[str, Stamp] = {}
        self._done: dict[str, Stamp] = {}
        self._tried: dict[str, tuple[Stamp, int]] = {}

    def see(self, now: Mapping[str, Stamp]) -> tuple[list[str], list[str]]:
        """Compare the next listing with the one before.

        Returns:
            Names to load, and names that are gone, each in alphabetical order.
        """
        before, self._before = self._before, dict(now)
        load = [
            name
            for name, stamp in now.items()
            if self._done.get(name) != stamp and before.get(name) == stamp
        ]
        known = self._done.keys() | self._tried.keys()
        gone = [name for name in known if name not in now and name not in before]
        for name in gone:
            self._done.pop(name, None)
            self._tried.pop(name, None)
        return sorted(load), sorted(gone)

    def done(self, name: str, stamp: Stamp) -> None:
        """Record that a file of that stamp needs no more work."""
        self._done[name] = stamp
        self._tried.pop(name, None)

    def again(self, name: str) -> None:
        """Load a file once more although it stayed the same."""
        if name in self._done:
            self._done[name] = Stamp(-1, -1)

    def may_yet_come(self, name: str, stamp: Stamp) -> bool:
        """Record that a file cannot be loaded; return whether to try again before reporting it."""
        former, count = self._tried.get(name, (stamp, 0))
        count = count + 1 if former == stamp else 1
        self._tried[name] = (stamp, count)
        return count < self._attempts


def find_stamp(there: Mapping[str, Stamp], name: str) -> Stamp:
    """Return the stamp of a bundle by its name, which never becomes a path.

    Raises:
        InvalidArgumentError: The name is not valid for a bundle.
        NotFoundError: There is no bundle of that name.
    """
    check_bundle_name(name)
    if name not in there:
        raise NotFoundError(
            f"There is no bundle {name!r} in the folder; it has {', '.join(there) or 'none'}.",
            field="name",
            metadata={"name": name},
        )
    return there[name]


def check_bundle_name(name: str) -> None:
    """Check the name of a bundle in a folder.

    Raises:
        InvalidArgumentError: The name is a path, hidden, too long, or has another suffix.
    """
    if not _is_bundle_name(name):
        raise InvalidArgumentError(
            "name must be the name of a .mag file in the server's bundle folder, such as "
            f"my_tunes.mag, not a path; got {name[:_LONGEST_NAME]!r}.",
            field="name",
        )


def _is_bundle_name(name: str) -> bool:
    return (
        len(name) <= _LONGEST_NAME
        and name.lower().endswith(_SUFFIX)
        and not name.startswith(".")
        and _FORBIDDEN.search(name) is None
    )
