"""Where a server loads its generators from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from magenta_bridge.generators.generator import SequenceGenerator
from magenta_bridge.generators.loading import load_generator


@dataclass(frozen=True)
class Sources:
    """Where a server loads its generators from.

    Attributes:
        files: Bundles to serve for as long as the server runs.
        folder: Folder whose bundles are loaded and unloaded as they come and go; None for none.
        pause_seconds: Interval between two scans of the folder.
        load: Loads a generator from a file.
    """

    files: Sequence[Path] = ()
    folder: Path | None = None
    pause_seconds: float = 1.0
    load: Callable[[Path], SequenceGenerator] = load_generator
