"""Where a server's generators come from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from magenta_bridge.generators.generator import SequenceGenerator
from magenta_bridge.generators.loading import load_generator


@dataclass(frozen=True)
class Sources:
    """Where generators come from.

    Attributes:
        files: Bundles that serve as long as the server runs.
        folder: Folder whose bundles come and go; None for none.
        pause_seconds: Time from one look into the folder to the next.
        load: Makes a generator of a file.
    """

    files: Sequence[Path] = ()
    folder: Path | None = None
    pause_seconds: float = 1.0
    load: Callable[[Path], SequenceGenerator] = load_generator
