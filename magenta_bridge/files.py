"""Files read under limits, and those that only their owner should read: keys and tokens."""

from __future__ import annotations

import logging
import os
import stat
import tempfile
from pathlib import Path

from magenta_bridge.errors import NotFoundError
from magenta_bridge.limits import Limit, check_limit


def save_bytes(path: Path, data: bytes) -> None:
    """Writes a file whole: readers see the old one or the new one, never a part.

    Args:
        path: Where to; an existing file is replaced.
        data: The file's content.

    Raises:
        NotFoundError: The folder does not exist or may not be written to.
    """
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise NotFoundError(
            f"{path} cannot be written: {error.strerror}. Choose an existing folder of your own."
        ) from error
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        # mkstemp makes files private; a saved file should be as open as any other.
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


_log = logging.getLogger(__name__)


def read_limited(path: Path, limit: Limit, *, advice: str) -> bytes:
    """Reads a file, of which no more is looked at than is accepted.

    Args:
        path: The file.
        limit: Its largest accepted size, in bytes.
        advice: What to give instead of a file that is not there; ends the message.

    Raises:
        NotFoundError: It is not there, or may not be read.
        LimitExceededError: It is too large.
    """
    try:
        with path.open("rb") as file:
            data = file.read(limit.value + 1)
    except OSError as error:
        raise NotFoundError(f"Cannot read {path}: {error.strerror}; {advice}.") from error
    check_limit(limit, len(data), where=path.name)
    return data


def warn_if_open(path: Path) -> None:
    """Logs a warning when every user of the computer may read the file.

    It is no error: containers are given their secrets that way.
    """
    if os.name != "posix":
        return
    if path.stat().st_mode & stat.S_IROTH:
        _log.warning("Every user of this computer can read %s; run: chmod 600 %s", path, path)


def write_new(path: Path, data: bytes, *, private: bool) -> None:
    """Writes a file that was not there before.

    Args:
        path: Where to.
        data: The file's content.
        private: Whether its owner alone may read it.

    Raises:
        NotFoundError: It exists already, or the folder takes no files.
    """
    mode = 0o600 if private else 0o644
    try:
        # The rights come with the file, so that it is open to others at no time.
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
    except FileExistsError as error:
        raise NotFoundError(f"{path} is there already and stays as it is.") from error
    except OSError as error:
        raise NotFoundError(f"{path} cannot be written: {error.strerror}.") from error


def ready_folder(folder: Path) -> None:
    """Makes sure that files can be written into a folder, which is made when it is missing.

    Raises:
        NotFoundError: It cannot be made, or takes no files.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise NotFoundError(
            f"The folder {folder} cannot be made ({error.strerror}); choose another one."
        ) from error
    try:
        # Permission bits tell little on Windows and network drives; trying tells all.
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise NotFoundError(
            f"The folder {folder} takes no files ({error.strerror}); choose another one."
        ) from error
