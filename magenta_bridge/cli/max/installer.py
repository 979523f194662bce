"""Install Max for Live devices in a User Library, and remove them; keep all other files."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Final

import magenta_bridge
from magenta_bridge.errors import FileFormatError, ForbiddenError, MagentaBridgeError, NotFoundError
from magenta_bridge.files import LOCK, locked_folder, save_bytes, save_text

RECORD: Final = ".magenta-bridge-devices.json"

_PACKAGE: Final = Path(magenta_bridge.__file__).resolve().parent
_MIDI_EFFECT: Final = b"mmmm"
# By the device type in the file's header: Live shows a tool only in the folder of its type.
_PLACES: Final = {
    _MIDI_EFFECT: PurePosixPath("Presets/MIDI Effects/Max MIDI Effect"),
    b"nagg": PurePosixPath("MIDI Tools/Max Generators"),
    b"natt": PurePosixPath("MIDI Tools/Max Transformations"),
}
_HEAD_BYTES: Final = 12


@dataclass(frozen=True)
class DeviceFile:
    """A file to install.

    Attributes:
        source: The file in this package.
        place: Its path relative to the User Library.
    """

    source: Path
    place: PurePosixPath


def shipped_devices(*, folder_form: bool, package: Path = _PACKAGE) -> list[DeviceFile]:
    """Return the files to install, sorted by place.

    Args:
        folder_form: Whether to install the MIDI effect as a folder of separate files, for a Max
            that does not unpack the script from a single file.
        package: The folder of the package ``magenta_bridge``.

    Raises:
        NotFoundError: This installation has no devices.
        FileFormatError: A device is damaged.
    """
    folder = _shipped_folder(package)
    files = []
    for device in sorted(folder.glob("*.amxd")):
        kind = _kind(device)
        if not (folder_form and kind == _MIDI_EFFECT):
            files.append(DeviceFile(device, _PLACES[kind] / device.name))
    if folder_form:
        files += _loose_files(folder)
    return sorted(files, key=lambda file: file.place)


def _shipped_folder(package: Path) -> Path:
    # A checkout has them in their build folder.
    for folder in (package / "devices", package.parent / "max_for_live" / "dist"):
        if any(folder.glob("*.amxd")):
            return folder
    raise NotFoundError("This installation has no Max for Live devices. Reinstall Magenta Bridge.")


def _loose_files(folder: Path) -> list[DeviceFile]:
    files = []
    for device in sorted(folder.glob("*/*.amxd")):
        kind = _kind(device)
        if kind == _MIDI_EFFECT:
            # Max looks for scripts in the folder of the device.
            place = _PLACES[kind] / device.stem
            together = [device, *sorted(device.parent.glob("*.js"))]
            files += [DeviceFile(file, place / file.name) for file in together]
    if not files:
        raise NotFoundError(
            "This installation has no device in folder form. Omit --folder-form, or reinstall "
            "Magenta Bridge."
        )
    return files


def _kind(device: Path) -> bytes:
    with device.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    kind = head[8:]
    if not head.startswith(b"ampf") or kind not in _PLACES:
        raise FileFormatError(f"{device} is not a Max for Live device. Reinstall Magenta Bridge.")
    return kind


@dataclass
class Outcome:
    """What was done with each file; paths are relative to the library.

    Attributes:
        written: New and updated files.
        same: Files that were up to date.
        removed: Removed files.
        kept: Files of others, and files that were changed after their installation.
    """

    written: list[PurePosixPath] = field(default_factory=list)
    same: list[PurePosixPath] = field(default_factory=list)
    removed: list[PurePosixPath] = field(default_factory=list)
    kept: list[PurePosixPath] = field(default_factory=list)


class InstalledDevices:
    """The devices installed in one library, according to the record in it.

    Args:
        library: An existing folder.

    Raises:
        NotFoundError: The folder does not exist.
        FileFormatError: The record is damaged.
    """

    def __init__(self, library: Path) -> None:
        if not library.is_dir():
            raise NotFoundError(
                f"There is no folder {library}. Give Live's User Library with --to."
            )
        self._library = library
        self._hashes, self._folders = _read_record(library / RECORD)

    @classmethod
    @contextlib.contextmanager
    def locked(cls, library: Path) -> Iterator[InstalledDevices]:
        """Yield the devices in a library, which no other process can change until the block ends.

        Raises:
            ForbiddenError: Another process installs or uninstalls there.
            MagentaBridgeError: See the class.
        """
        cls(library)
        with locked_folder(library, "installation", proof="", refusal=ForbiddenError):
            try:
                yield cls(library)
            finally:
                with contextlib.suppress(OSError):  # Windows does not remove open files
                    (library / LOCK).unlink()

    @property
    def places(self) -> list[PurePosixPath]:
        """The files in the record."""
        return [PurePosixPath(place) for place in self._hashes]

    def install(self, devices: Sequence[DeviceFile]) -> Outcome:
        """Copy devices; keep files of others, and files changed after their installation.

        Raises:
            NotFoundError: The library is not writable.
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
        """Remove unchanged files that ``install`` wrote, and folders that it created.

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
        # A new file is recorded before it is written, an update after: the next install then
        # recognizes either as its own, even if this one is interrupted in between.
        self._hashes.setdefault(str(place), _hash(data))
        self._save_record()
        save_bytes(self._library / place, data)
        self._confirm(place, data)

    def _confirm(self, place: PurePosixPath, data: bytes) -> None:
        """Update the hash of an installed file; files of others are not added."""
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
                raise NotFoundError(f"Cannot create {path}: {error.strerror}.") from error
            self._folders.append(str(part))

    def _remove(self, place: PurePosixPath) -> None:
        path = self._library / place
        try:
            path.unlink()
        except OSError as error:
            self._save_record()
            raise NotFoundError(
                f"Cannot remove {path}: {error.strerror}. Quit Live and try again."
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
            raise NotFoundError(f"Cannot read {path}: {error.strerror}.") from error

    def _save_record(self) -> None:
        path = self._library / RECORD
        if self._hashes:
            record = {"files": self._hashes, "folders": self._folders}
            save_text(path, json.dumps(record, indent=2) + "\n")
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
    # Paths in a record must not lead out of the library.
    for place in map(PurePosixPath, (*files, *folders)):
        if place.is_absolute() or ".." in place.parts or "\\" in str(place) or ":" in str(place):
            raise _damaged(path)
    return files, folders


def _damaged(path: Path) -> MagentaBridgeError:
    return FileFormatError(
        f"{path} is damaged. Delete this file and, to uninstall, the devices named "
        "Magenta Bridge in the library."
    )
