"""The folder of a search: its manifest, and a lock that admits one process."""

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
_MANIFEST: Final = "search.json"
_LOCK: Final = "search.lock"


@contextlib.contextmanager
def exclusive_lock(folder: Path) -> Iterator[None]:
    """Lock a folder, which is created if missing, against other processes.

    The lock is one on an SQLite file: the system releases it however this process ends, on
    Windows as well.

    Raises:
        NotFoundError: The folder cannot be created or is not writable.
        InvalidArgumentError: It has files of something else than a search.
        TrainingError: Another search is running there.
    """
    ready_folder(folder)
    names = {path.name for path in folder.iterdir()}
    # A lock that is held or was killed has a journal; a hidden file is an unfinished save.
    foreign = [name for name in names if not name.startswith((".", _LOCK))]
    if foreign and _MANIFEST not in names:
        raise InvalidArgumentError(
            f"{folder} has files that are not of a search; name a new folder as --output."
        )
    with contextlib.closing(sqlite3.connect(folder / _LOCK, timeout=0.0)) as lock:
        try:
            lock.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            raise TrainingError(
                f"Another search is running in {folder}; wait until it ends, or name another "
                "--output."
            ) from error
        yield


def check_manifest(folder: Path, manifest: Mapping[str, Any]) -> None:
    """Make sure that the search in a folder was started with the same settings, as far as given.

    Raises:
        InvalidArgumentError: Settings differ.
        TrainingError: The manifest in the folder is damaged.
    """
    try:
        held = json.loads((folder / _MANIFEST).read_bytes())
        differing = [name for name in manifest if held[name] != manifest[name]]
    except FileNotFoundError:
        return
    except (ValueError, TypeError, KeyError) as error:
        raise TrainingError(
            f"{folder / _MANIFEST} is damaged; name another --output to start a new search."
        ) from error
    if differing:
        # The hyperparameters follow from families and encoding.
        named = [name for name in differing if name != HYPERPARAMETERS] or differing
        raise InvalidArgumentError(
            f"{folder} has a search with other {' and other '.join(named)}; name another "
            "--output, or repeat the settings of that search."
        )


def write_manifest(folder: Path, manifest: Mapping[str, Any]) -> None:
    """Write the settings of a search, or check that they are the same; see ``check_manifest``."""
    check_manifest(folder, manifest)
    save_bytes(folder / _MANIFEST, json.dumps(manifest, indent=1).encode())


def music_digest(split: Split) -> str:
    """Return a digest of the music and of its split."""
    whole = hashlib.sha256()
    for side, tunes in vars(split).items():
        for tune in tunes:
            whole.update(f"{side}\0{tune.name}\0{tune.meter}\0".encode() + tune.ids.tobytes())
    return whole.hexdigest()
