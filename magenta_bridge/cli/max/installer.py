"""Puts devices into a User Library and takes them out, without touching anything else in it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Final

from magenta_bridge.cli.max.devices import DeviceFile
from magenta_bridge.errors import FileFormatError, MagentaBridgeError, NotFoundError
from magenta_bridge.files import save_bytes

RECORD: Final = ".magenta-bridge-devices.json"


@dataclass
class Outcome:
    """What became of each file; paths are below the library.

    Attributes:
        written: Files that are new or newer.
        same: Files that were as they should be.
        removed: Files that were taken out.
        kept: Files that are not ours, or that were changed since we wrote them.
    """

    written: list[PurePosixPath] = field(default_factory=list)
    same: list[PurePosixPath] = field(default_factory=list)
    removed: list[PurePosixPath] = field(default_factory=list)
    kept: list[PurePosixPath] = field(default_factory=list)


class InstalledDevices:
    """The devices that were put into one library, by the record that lies in it.

    Args:
        library: An existing folder.

    Raises:
        NotFoundError: There is no such folder.
        FileFormatError: The record is damaged.
    """

    def __init__(self, library: Path) -> None:
        if not library.is_dir():
            raise NotFoundError(
                f"There is no folder {library}; give Live's User Library with --to."
            )
        self._library = library
        self._hashes, self._folders = _read_record(library / RECORD)

    @property
    def places(self) -> list[PurePosixPath]:
        """Files that the record names."""
        return [PurePosixPath(place) for place in self._hashes]

    def install(self, devices: Sequence[DeviceFile]) -> Outcome:
        """Copies devices; a file that is not ours, or no longer as we wrote it, is kept.

        Args:
            devices: What to copy.

        Raises:
            NotFoundError: The library takes no files.
        """
        outcome = Outcome()
        for device in devices:
            data = device.source.read_bytes()
            there = self._hash_of(device.place)
            if there == _hash(data):
                self._confirm(device.place, data)
                outcome.same.append(device.place)
            elif there is None or there == self._hashes.get(str(device.place)):
                self._write(device.place, data)
                outcome.written.append(device.place)
            else:
                outcome.kept.append(device.place)
        return outcome

    def uninstall(self) -> Outcome:
        """Removes the files that we wrote and nobody has changed, and folders that we made.

        Raises:
            NotFoundError: A file cannot be removed.
        """
        outcome = Outcome()
        for place in self.places:
            there = self._hash_of(place)
            if there is None or there == self._hashes[str(place)]:
                if there is not None:
                    self._remove(place)
                    outcome.removed.append(place)
                del self._hashes[str(place)]
            else:
                outcome.kept.append(place)
        for folder in sorted(self._folders, key=len, reverse=True):
            if self._remove_if_empty(folder):
                self._folders.remove(folder)
        self._save_record()
        return outcome

    def _write(self, place: PurePosixPath, data: bytes) -> None:
        self._make_folder(place.parent)
        # A new file is recorded before it is there, and a newer one after: cut off in between,
        # either is still known as ours by the next install.
        self._hashes.setdefault(str(place), _hash(data))
        self._save_record()
        save_bytes(self._library / place, data)
        self._confirm(place, data)

    def _confirm(self, place: PurePosixPath, data: bytes) -> None:
        """Records a file that is ours as it is now; what is not ours stays so."""
        if self._hashes.get(str(place)) not in (None, _hash(data)):
            self._hashes[str(place)] = _hash(data)
            self._save_record()

    def _make_folder(self, folder: PurePosixPath) -> None:
        for part in (*reversed(folder.parents), folder):
            path = self._library / part
            if path.is_dir():
                continue
            try:
                path.mkdir()
            except OSError as error:
                raise NotFoundError(f"{path} cannot be made: {error.strerror}.") from error
            self._folders.append(str(part))

    def _remove(self, place: PurePosixPath) -> None:
        path = self._library / place
        try:
            path.unlink()
        except OSError as error:
            self._save_record()
            raise NotFoundError(
                f"{path} cannot be removed: {error.strerror}; quit Live and try again."
            ) from error

    def _remove_if_empty(self, folder: str) -> bool:
        try:
            (self._library / folder).rmdir()
        except FileNotFoundError:
            return True
        except OSError:
            return False
        return True

    def _hash_of(self, place: PurePosixPath) -> str | None:
        path = self._library / place
        try:
            return _hash(path.read_bytes())
        except FileNotFoundError:
            return None
        except OSError as error:
            raise NotFoundError(f"{path} cannot be read: {error.strerror}.") from error

    def _save_record(self) -> None:
        path = self._library / RECORD
        if self._hashes:
            record = {"files": self._hashes, "folders": self._folders}
            save_bytes(path, (json.dumps(record, indent=2) + "\n").encode())
        else:
            path.unlink(missing_ok=True)


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _read_record(path: Path) -> tuple[dict[str, str], list[str]]:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}, []
    except (OSError, ValueError) as error:
        raise _damaged(path) from error
    try:
        record = json.loads(text)
        files, folders = dict(record["files"]), list(record["folders"])
    except (ValueError, TypeError, KeyError) as error:
        raise _damaged(path) from error
    if not all(isinstance(value, str) for value in (*files, *files.values(), *folders)):
        raise _damaged(path)
    # A record must not lead out of its library, whoever wrote it.
    for place in map(PurePosixPath, (*files, *folders)):
        if place.is_absolute() or ".." in place.parts or "\\" in str(place) or ":" in str(place):
            raise _damaged(path)
    return files, folders


def _damaged(path: Path) -> MagentaBridgeError:
    return FileFormatError(
        f"{path} is damaged, so what was installed is not known; remove the file and, where "
        "you want them gone, the devices called Magenta Bridge by hand."
    )
