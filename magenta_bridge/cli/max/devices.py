"""The Max for Live devices that come with this installation, and where in Live each belongs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from magenta_bridge.errors import FileFormatError, NotFoundError

_PACKAGE: Final = Path(__file__).resolve().parent.parent
_MIDI_EFFECT: Final = b"mmmm"
# By the kind that stands in the file itself: Live shows a tool only from its own kind's folder.
_PLACES: Final = {
    _MIDI_EFFECT: PurePosixPath("Presets/MIDI Effects/Max MIDI Effect"),
    b"nagg": PurePosixPath("MIDI Tools/Max Generators"),
    b"natt": PurePosixPath("MIDI Tools/Max Transformations"),
}
_HEAD_BYTES: Final = 12


@dataclass(frozen=True)
class DeviceFile:
    """One file to be copied.

    Attributes:
        source: Where it is now.
        place: Where it belongs, below the User Library.
    """

    source: Path
    place: PurePosixPath


def shipped_devices(*, folder_form: bool, package: Path = _PACKAGE) -> list[DeviceFile]:
    """Returns the files to install, in order of place.

    Args:
        folder_form: Whether the MIDI effect comes as a folder of loose files, for a Max that
            does not unpack the script inside a single file.
        package: The folder of the package ``magenta_bridge``.

    Raises:
        NotFoundError: This installation holds no devices.
        FileFormatError: One of them is damaged.
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
    # A checkout holds them where they are built.
    for folder in (package / "devices", package.parent / "max_for_live" / "dist"):
        if any(folder.glob("*.amxd")):
            return folder
    raise NotFoundError(
        "This installation holds no Max for Live devices; install Magenta Bridge again."
    )


def _loose_files(folder: Path) -> list[DeviceFile]:
    files = []
    for device in sorted(folder.glob("*/*.amxd")):
        kind = _kind(device)
        if kind == _MIDI_EFFECT:
            # Max looks for a script beside its device, so that all of them share a folder.
            place = _PLACES[kind] / device.stem
            together = [device, *sorted(device.parent.glob("*.js"))]
            files += [DeviceFile(file, place / file.name) for file in together]
    if not files:
        raise NotFoundError(
            "This installation holds no device in folder form; leave out --folder-form, or "
            "install Magenta Bridge again."
        )
    return files


def _kind(device: Path) -> bytes:
    with device.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    kind = head[8:]
    if not head.startswith(b"ampf") or kind not in _PLACES:
        raise FileFormatError(f"{device} is no device for Live; install Magenta Bridge again.")
    return kind
