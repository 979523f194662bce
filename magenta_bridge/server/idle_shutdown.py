"""Whoever a server is there for, told by the files that they keep touching.

A program that starts a server for itself may die without a word. No process is asked after here:
numbers of processes are given anew, and to ask ends the one that is asked on Windows.
"""

from __future__ import annotations

import asyncio
import logging
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_log = logging.getLogger(__name__)

# A computer that sleeps misses looks: time that goes by meanwhile ends no server in use.
LOOKS: Final = 20


@dataclass(frozen=True)
class IdleShutdownSettings:
    """Where users tell that they are there.

    Attributes:
        folder: Each of them touches a file of its own in it, or makes one anew.
        linger_seconds: How long the server stays when no file has been touched; more than 0.
    """

    folder: Path
    linger_seconds: float = 60.0


class KeepAliveFolder:
    """Tells when no file of a folder has been touched for a while.

    What counts is that a look finds a file, or a time of one, that the look before did not find.
    The times themselves say nothing, so that a clock may be set; a folder that is not there holds
    nobody.

    Args:
        settings: The folder, and how long to wait.
    """

    def __init__(self, settings: IdleShutdownSettings) -> None:
        self._settings = settings
        self._seen = self._touches()
        self._quiet = 0

    async def wait_until_gone(self) -> None:
        """Returns once so many looks in a row have found nothing new; says so in the log."""
        folder, linger = self._settings.folder, self._settings.linger_seconds
        await asyncio.sleep(linger / LOOKS)
        while not self.look():
            await asyncio.sleep(linger / LOOKS)
        text = "Nobody uses the server any more: nothing in %s was touched for %g seconds. It ends."
        _log.warning(text, folder, linger)

    def look(self) -> bool:
        """Looks once; returns whether they are gone."""
        before, self._seen = self._seen, self._touches()
        self._quiet = 0 if self._seen - before else self._quiet + 1
        return self._quiet >= LOOKS

    def _touches(self) -> set[tuple[str, int]]:
        try:
            with os.scandir(self._settings.folder) as entries:
                return {touch for entry in entries for touch in _touch(entry)}
        except OSError:
            return set()


def _touch(entry: os.DirEntry[str]) -> list[tuple[str, int]]:
    """Returns a file's name and time; nothing of one that goes at this moment."""
    try:
        # Not the entry's own stat, which on Windows may be that of an earlier moment.
        return [(entry.name, Path(entry.path).stat().st_mtime_ns)]
    except OSError:
        return []
