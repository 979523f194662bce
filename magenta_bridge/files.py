"""Read files under limits, and write them whole or not at all."""

from __future__ import annotations

import logging
import os
import stat
import tempfile
from pathlib import Path

from magenta_bridge.errors import NotFoundError
from magenta_bridge.limits import Limit, check_limit

_log = logging.getLogger(__name__)


def save_bytes(path: Path, data: bytes) -> None:
    """Write a file atomically: readers see the old file or the new one, never a part.

    Args:
        path: The file; replaced if it exists.
        data: The file's content.

    Raises:
        NotFoundError: The folder does not exist or is not writable.
    """
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise NotFoundError(
            f"{path} cannot be written: {error.strerror}. Choose an existing, writable folder."
        ) from error
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        # mkstemp creates private files; give the file the usual permissions.
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(path)
    except OSError as error:
        raise NotFoundError(f"{path} cannot be written: {error.strerror}.") from error
    finally:
        temporary.unlink(missing_ok=True)


def _umask() -> int:
    mask = os.umask(0o022)
    os.umask(mask)
    return mask


def read_limited(path: Path, limit: Limit, *, advice: str) -> bytes:
    """Read a file of limited size.

    Args:
        path: The file.
        limit: Its maximum size, in bytes.
        advice: What to do when the file is missing; ends the message.

    Raises:
        NotFoundError: The file is missing or not readable.
        LimitExceededError: The file is too large.
    """
    try:
        with path.open("rb") as file:
            data = file.read(limit.value + 1)
    except OSError as error:
        raise NotFoundError(f"Cannot read {path}: {error.strerror}; {advice}.") from error
    check_limit(limit, len(data), where=path.name)
    return data


def warn_if_open(path: Path) -> None:
    """Log a warning when every user of the computer can read the file.

    This is not an error, because containers receive their secrets that way.
    """
    if os.name != "posix":
        return
    if path.stat().st_mode & stat.S_IROTH:
        _log.warning("Every user of this computer can read %s; run: chmod 600 %s", path, path)


def write_new(path: Path, data: bytes, *, private: bool) -> None:
    """Write a new file.

    Args:
        path: The file; must not exist.
        data: The file's content.
        private: Whether only the owner may read it.

    Raises:
        NotFoundError: The file exists, or the folder is not writable.
    """
    mode = 0o600 if private else 0o644
    try:
        # Set permissions on creation, so that others cannot read the file at any time.
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
    except FileExistsError as error:
        raise NotFoundError(f"{path} already exists and was not changed.") from error
    except OSError as error:
        raise NotFoundError(f"{path} cannot be written: {error.strerror}.") from error


def ready_folder(folder: Path) -> None:
    """Create a folder if it is missing, and check that files can be written to it.

    Raises:
        NotFoundError: The folder cannot be created or is not writable.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise NotFoundError(
            f"The folder {folder} cannot be created ({error.strerror}); choose another one."
        ) from error
    try:
        # Permission bits are unreliable on Windows and network drives; writing is not.
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise NotFoundError(
            f"The folder {folder} is not writable ({error.strerror}); choose another one."
        ) from error
