"""The folder of a search: whose it is, and that only one process works in it."""

from __future__ import annotations

import contextlib
import hashlib
import json
import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from magenta_bridge.data.splits import Split
from magenta_bridge.errors import InvalidArgumentError, TrainingError
from magenta_bridge.files import ready_folder, save_bytes

HYPERPARAMETERS: Final = "hyperparameters"
_TOLD: Final = "search.json"
_LOCK: Final = "search.lock"
_ELSE: Final = "name another --output, or say what the search there was begun with"


@contextlib.contextmanager
def exclusive_lock(folder: Path) -> Iterator[None]:
    """Keeps other processes out of a folder, which is made when it is missing.

    The lock is one on an SQLite file: the system lets go of it however this process ends, so
    that no kill leaves a folder locked, on Windows as well.

    Raises:
        NotFoundError: The folder cannot be made, or takes no files.
        InvalidArgumentError: It holds something else than a search.
        TrainingError: Another search is at work there.
    """
    ready_folder(folder)
    _refuse_foreign(folder)
    with contextlib.closing(sqlite3.connect(folder / _LOCK, timeout=0.0)) as lock:
        try:
            lock.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            raise TrainingError(
                f"Another search is at work in {folder}; wait for its end, or name another "
                "--output."
            ) from error
        yield


def _refuse_foreign(folder: Path) -> None:
    names = {path.name for path in folder.iterdir()}
    # A lock that is held or was killed has a journal; a hidden file is a part of an unsaved one.
    foreign = [name for name in names if not name.startswith((".", _LOCK))]
    if foreign and _TOLD not in names:
        raise InvalidArgumentError(
            f"{folder} holds files that are not of a search; name a new folder as --output."
        )


def check_told(folder: Path, told: Mapping[str, Any]) -> None:
    """Makes sure that a search that stands in a folder was begun with the same.

    Args:
        folder: The folder.
        told: What decides a search, by its name in a sentence. What is not told yet is not
            compared.

    Raises:
        InvalidArgumentError: Something differs.
        TrainingError: What the folder tells is damaged.
    """
    try:
        held = json.loads((folder / _TOLD).read_bytes())
        differing = [name for name in told if held[name] != told[name]]
    except FileNotFoundError:
        return
    except (ValueError, TypeError, KeyError) as error:
        raise TrainingError(
            f"{folder / _TOLD} is damaged; name another --output to begin anew."
        ) from error
    if differing:
        # Which hyperparameters there are follows from the families and the encoding.
        named = [name for name in differing if name != HYPERPARAMETERS] or differing
        raise InvalidArgumentError(
            f"{folder} holds a search with other {' and other '.join(named)}; {_ELSE}."
        )


def tell(folder: Path, told: Mapping[str, Any]) -> None:
    """Writes what a search is begun with, or checks that it is the same; see ``check_told``."""
    check_told(folder, told)
    save_bytes(folder / _TOLD, json.dumps(told, indent=1).encode())


def music_digest(split: Split) -> str:
    """Returns what differs when the music, or how it is dealt out, does."""
    whole = hashlib.sha256()
    for side, tunes in vars(split).items():
        for tune in tunes:
            whole.update(f"{side}\0{tune.name}\0{tune.meter}\0".encode() + tune.ids.tobytes())
    return whole.hexdigest()
