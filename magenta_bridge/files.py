"""Read files under limits, and write them whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import secrets
import stat
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from magenta_bridge.errors import (
    InvalidArgumentError,
    MagentaBridgeError,
    NotFoundError,
    TrainingError,
)
from magenta_bridge.limits import Limit, check_limit

if TYPE_CHECKING:
    import sqlite3

_log = logging.getLogger(__name__)

LOCK: Final = ".magenta-bridge.lock"
"""Name of the file that ``locked_folder`` locks; it stays in the folder, unlocked."""

_TEMPORARY: Final = ".magenta-bridge.new-"


def save_bytes(path: Path, data: bytes) -> None:
    """Write a file in one rename; see ``replacing``."""
    with replacing(path) as file:
        file.write_bytes(data)


def save_text(path: Path, text: str) -> None:
    """Write a UTF-8 file in one rename; see ``replacing``.

    A character of a file name that is not valid Unicode is written as its escape sequence.
    """
    save_bytes(path, text.encode(errors="backslashreplace"))


@contextlib.contextmanager
def replacing(path: Path, *, suffix: str = "") -> Iterator[Path]:
    """Yield an empty file in the same folder, which replaces ``path`` when the block has ended.

    Readers see the old file or the new one, even after a power failure. The permissions of the old
    file are kept. A symbolic link is followed and kept.

    Args:
        path: The file.
        suffix: End of the temporary file's name, for libraries that infer the format from it.

    Raises:
        NotFoundError: The file or its folder cannot be written; the old file is unchanged.
    """
    temporary = None
    try:
        target = Path(os.path.realpath(path))
        former = _replaceable(target)
        mode = 0o666 if former is None else stat.S_IMODE(former.st_mode)
        temporary = target.with_name(f"{_TEMPORARY}{secrets.token_hex(6)}{suffix}")
        os.close(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode))
        yield temporary
        _flush(temporary)
        if former is not None:
            if sys.platform != "win32":
                with contextlib.suppress(OSError):  # only an administrator may give files away
                    os.chown(temporary, former.st_uid, former.st_gid)
            temporary.chmod(mode)
        temporary.replace(target)
    except OSError as error:
        raise unwritable(path, error) from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def _replaceable(path: Path) -> os.stat_result | None:
    """Return the state of a file that may be replaced; None if there is none."""
    try:
        former = path.stat()
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(former.st_mode):
        raise OSError(errno.EINVAL, "It is not a regular file")
    if not former.st_mode & 0o222:
        raise PermissionError(errno.EACCES, "It is write-protected")
    return former


def _flush(path: Path) -> None:
    """Wait until a file is on the disk; a rename can otherwise survive a crash that it does not."""
    with path.open("r+b") as file:
        os.fsync(file.fileno())


def is_full(error: OSError) -> bool:
    """Return whether a disk, a quota, or a limit on the size of files is exhausted."""
    return error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def unwritable(path: Path, error: OSError) -> NotFoundError:
    """Return the error for a file or folder that cannot be written."""
    advice = "Choose another file, in an existing, writable folder."
    if is_full(error):
        advice = "Free some space on that disk, and try again."
    reason = " ".join((error.strerror or str(error)).split())
    unnamed = path.name.startswith(_TEMPORARY)
    name = f"A file in {path.parent}" if unnamed else str(path)
    return NotFoundError(f"{name} cannot be written: {reason}. {advice}")


def read_limited(path: Path, limit: Limit, *, advice: str) -> bytes:
    """Read a file of limited size.

    Args:
        path: The file.
        limit: Its maximum size, in bytes.
        advice: What to do when the file is missing; ends the message.

    Raises:
        NotFoundError: The file is missing, not readable, or not a regular file.
        LimitExceededError: The file is too large.
    """
    try:
        data = read_beginning(path, limit.value + 1)
    except OSError as error:
        raise NotFoundError(f"Cannot read {path}: {error.strerror}; {advice}.") from error
    check_limit(limit, len(data), where=path.name)
    return data


def read_beginning(path: Path, size: int) -> bytes:
    """Read the first bytes of a regular file; a device or a pipe may never end.

    Args:
        path: The file.
        size: Maximum number of bytes.

    Raises:
        OSError: It cannot be read, or is not a regular file.
    """
    mode = path.stat().st_mode
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):  # a folder has an error of its own
        raise OSError(errno.EINVAL, "It is not a regular file")
    with path.open("rb") as file:
        return file.read(size)


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
    except FileExistsError as error:
        raise NotFoundError(f"{path} already exists and was not changed.") from error
    except OSError as error:
        raise unwritable(path, error) from error
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        _flush(path)
    except BaseException as error:
        path.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise unwritable(path, error) from error
        raise


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


@contextlib.contextmanager
def locked_folder(
    folder: Path,
    work: str,
    *,
    proof: str,
    others: tuple[str, ...] = (),
    refusal: type[MagentaBridgeError] = TrainingError,
) -> Iterator[None]:
    """Lock a folder, which is created if missing, against other processes and threads.

    The lock is one on an SQLite file: the system releases it however this process ends, on
    Windows as well.

    Args:
        folder: The folder.
        work: What is done in it, such as ``search``.
        proof: Name of a file by which a folder of this work is recognized; any for an empty name.
        others: How names of files begin that this work may write before ``proof``.
        refusal: Class of the error when the folder is locked.

    Raises:
        NotFoundError: The folder cannot be created, written or locked.
        InvalidArgumentError: It has files of something else, or its name is not valid Unicode.
        MagentaBridgeError: The class ``refusal``: another process works there.
    """
    try:
        str(folder).encode()
    except UnicodeEncodeError as error:  # which TensorFlow and SQLite would reject
        raise InvalidArgumentError(
            f"The name of the folder {folder} is not valid Unicode; choose another one."
        ) from error
    ready_folder(folder)
    names = {path.name for path in folder.iterdir()}
    # A lock that is held or was killed has a journal; a hidden file is an unfinished save.
    if proof and proof not in names and any(not name.startswith((".", *others)) for name in names):
        raise InvalidArgumentError(
            f"{folder} has files that are not of a {work}; choose a new folder."
        )
    with contextlib.closing(_lock(folder, work, refusal)):
        for unfinished in folder.glob(f"{_TEMPORARY}*"):
            unfinished.unlink(missing_ok=True)
        yield


def _lock(folder: Path, work: str, refusal: type[MagentaBridgeError]) -> sqlite3.Connection:
    import sqlite3

    try:
        lock = sqlite3.connect(folder / LOCK, timeout=0.0)
        lock.execute("BEGIN EXCLUSIVE")
    except sqlite3.Error as error:
        if "locked" not in str(error):
            raise NotFoundError(
                f"{folder / LOCK} cannot be locked: {error}. Choose another folder, or free some "
                "space on that disk."
            ) from error
        raise refusal(
            f"Another {work} is running in {folder}; wait until it ends, or choose another folder."
        ) from error
    return lock
