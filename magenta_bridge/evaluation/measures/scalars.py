"""MusPy's metrics of one piece, each a number."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from magenta_bridge.evaluation.measures.tones import Tones

SCALARS: Final[Mapping[str, Callable[[Tones], float]]] = {}
