"""Puts a finished file in its place, or leaves what was there."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from magenta_bridge.errors import NotFoundError


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
