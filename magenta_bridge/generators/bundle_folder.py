"""A folder of ``.mag`` files, and what changes in it from one look to the next."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from magenta_bridge.errors import InvalidArgumentError, NotFoundError

_ENDING: Final = ".mag"
_LONGEST_NAME: Final = 255
# Separators of either kind, drive letters and streams of Windows, and what cannot be printed.
_NOT_IN_A_NAME: Final = re.compile(r"[/\\:\x00-\x1f\x7f]")


@dataclass(frozen=True)
class Stamp:
    """What tells one content of a file from the next, as far as a listing can.

    Attributes:
        size: Bytes.
        changed_ns: When it was last changed, in nanoseconds of the file system's clock.
    """

    size: int
    changed_ns: int


class BundleFolder:
    """A folder that bundles are put into.

    Args:
        path: The folder.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def look(self) -> dict[str, Stamp]:
        """Returns the bundles in it, by name in alphabetical order.

        Hidden files are left out: they are what is still being written, or what a Mac leaves
        on drives of others.

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
            # Not what the listing says, which on Windows is old while a file is written.
            found = path.stat()
            return Stamp(found.st_size, found.st_mtime_ns) if path.is_file() else None
        except OSError:
            return None


class Changes:
    """Decides which files of a folder are to be loaded, and which are gone.

    A file is looked at once it stayed the same from one look to the next, and a missing one is
    gone at the second look: a copy takes its time, and a file may be moved out of the way just
    before its successor comes.

    Args:
        attempts: How often a file that cannot be loaded is tried while it stays the same; some
            programs give a file its full size first and its content later.
    """

    def __init__(self, *, attempts: int = 3) -> None:
        self._attempts = attempts
        self._before: Mapping[str, Stamp] = {}
        self._done: dict[str, Stamp] = {}
        self._tried: dict[str, tuple[Stamp, int]] = {}

    def see(self, now: Mapping[str, Stamp]) -> tuple[list[str], list[str]]:
        """Takes the next look.

        Returns:
            Names to load, and names that are gone, each in alphabetical order.
        """
        before, self._before = self._before, dict(now)
        load = [name for name in now if self._is_new(name, now[name]) and self._rests(name, before)]
        known = self._done.keys() | self._tried.keys()
        gone = [name for name in known if name not in now and name not in before]
        for name in gone:
            self._done.pop(name, None)
            self._tried.pop(name, None)
        return sorted(load), sorted(gone)

    def done(self, name: str, stamp: Stamp) -> None:
        """Notes that a file of that stamp needs no more attention."""
        self._done[name] = stamp
        self._tried.pop(name, None)

    def again(self, name: str) -> None:
        """Has a file looked at once more although it stayed the same."""
        if name in self._done:
            self._done[name] = Stamp(-1, -1)

    def may_yet_come(self, name: str, stamp: Stamp) -> bool:
        """Notes that a file cannot be loaded, and returns whether to try again before saying so."""
        former, count = self._tried.get(name, (stamp, 0))
        count = count + 1 if former == stamp else 1
        self._tried[name] = (stamp, count)
        return count < self._attempts

    def _is_new(self, name: str, stamp: Stamp) -> bool:
        return self._done.get(name) != stamp

    def _rests(self, name: str, before: Mapping[str, Stamp]) -> bool:
        return before.get(name) == self._before[name]


def find_bundle(there: Mapping[str, Stamp], name: str) -> Stamp:
    """Looks a bundle up among those that are there; a name never becomes a path.

    Raises:
        InvalidArgumentError: The name cannot be that of a bundle.
        NotFoundError: There is no bundle of that name.
    """
    check_bundle_name(name)
    if name not in there:
        raise NotFoundError(
            f"There is no bundle {name!r} in the folder; it holds {', '.join(there) or 'none'}.",
            field="name",
            metadata={"name": name},
        )
    return there[name]


def check_bundle_name(name: str) -> None:
    """Refuses what cannot be the name of a bundle in a folder.

    Raises:
        InvalidArgumentError: It is a path, hidden, too long, or ends otherwise.
    """
    if not _is_bundle_name(name):
        raise InvalidArgumentError(
            "name must be that of a .mag file in the server's bundle folder, such as "
            f"my_tunes.mag, and no path; got {name[:_LONGEST_NAME]!r}.",
            field="name",
        )


def _is_bundle_name(name: str) -> bool:
    return (
        len(name) <= _LONGEST_NAME
        and name.lower().endswith(_ENDING)
        and not name.startswith(".")
        and _NOT_IN_A_NAME.search(name) is None
    )
