"""Shut a server down when no client keeps its file in a folder fresh.

PIDs are not polled: they are reused, and os.kill(pid, 0) terminates the process on Windows.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_log = logging.getLogger(__name__)

# Polls are counted rather than time, so that the time a computer sleeps does not end the server.
POLLS: Final = 20


@dataclass(frozen=True)
class IdleShutdownSettings:
    """When to shut an unused server down.

    Attributes:
        folder: Folder in which each client creates or touches its own file.
        timeout_seconds: Time without a touched file after which the server stops; more than 0.
    """

    folder: Path
    timeout_seconds: float = 60.0


class KeepAliveFolder:
    """Detects that no file of a folder has been touched for a while.

    A poll counts a change if it finds a file, or a modification time, that the poll before did not
    find. Times are only compared for equality, so the system clock may change. A missing folder
    counts as empty.

    Args:
        settings: The folder and the timeout.
    """

    def __init__(self, settings: IdleShutdownSettings) -> None:
        self._settings = settings
        self._seen = self._touches()
        self._unchanged = 0

    async def wait_until_idle(self) -> None:
        """Return after ``POLLS`` consecutive polls without a change, and log it."""
        folder, timeout = self._settings.folder, self._settings.timeout_seconds
        await asyncio.sleep(timeout / POLLS)
        while not self.poll():
            await asyncio.sleep(timeout / POLLS)
        _log.warning("Shutting down: no file in %s was modified for %g seconds.", folder, timeout)

    def poll(self) -> bool:
        """Read the folder once; return whether the timeout has been reached."""
        before, self._seen = self._seen, self._touches()
        self._unchanged = 0 if self._seen - before else self._unchanged + 1
        return self._unchanged >= POLLS

    def _touches(self) -> set[tuple[str, int]]:
        """Return the names and modification times of the files."""
        touches = set()
        with contextlib.suppress(OSError):
            for path in self._settings.folder.iterdir():
                # Another process may remove the file meanwhile.
                with contextlib.suppress(OSError):
                    touches.add((path.name, path.stat().st_mtime_ns))
        return touches
