"""The folder of a search: the manifest of its settings."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from magenta_bridge.data.splits import Split
from magenta_bridge.errors import InvalidArgumentError, TrainingError
from magenta_bridge.files import save_text

HYPERPARAMETERS: Final = "hyperparameters"
MANIFEST: Final = "search.json"
STUDY: Final = "study.db"


def check_manifest(folder: Path, manifest: Mapping[str, Any]) -> None:
    """Make sure that the search in a folder was started with the same settings, as far as given.

    Raises:
        InvalidArgumentError: Settings differ.
        TrainingError: The manifest in the folder is damaged.
    """
    try:
        held = json.loads((folder / MANIFEST).read_bytes())
        differing = [name for name in manifest if held[name] != manifest[name]]
    except FileNotFoundError:
        return
    except (ValueError, TypeError, KeyError) as error:
        raise TrainingError(
            f"{folder / MANIFEST} is damaged; name another --output to start a new search."
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
    save_text(folder / MANIFEST, json.dumps(manifest, indent=1))


def music_digest(split: Split) -> str:
    """Return a digest of the music and of its split."""
    whole = hashlib.sha256()
    for side, tunes in vars(split).items():
        for tune in tunes:
            whole.update(f"{side}\0{tune.name}\0{tune.meter}\0".encode() + tune.ids.tobytes())
    return whole.hexdigest()
