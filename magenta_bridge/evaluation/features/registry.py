"""The idioms there are, by encoding."""

from __future__ import annotations

import importlib
from typing import Final, cast

from magenta_bridge.errors import NotFoundError
from magenta_bridge.evaluation.features.base import FeatureSet

# Encoding -> module and name.
_IDIOMS: Final = {
    "drums": ("drums", "DRUMS"),
    "duo": ("duo", "DUO"),
    "groove": ("groove", "GROOVE"),
    "melody": ("melody", "MELODY"),
    "performance": ("performance", "PERFORMANCE"),
    "polyphony": ("polyphony", "VOICES"),
}


def features_for(encoding: str) -> FeatureSet:
    """Return what one would notice of music of an encoding.

    Raises:
        NotFoundError: There is no such encoding.
    """
    if encoding not in _IDIOMS:
        raise NotFoundError(
            f"There is nothing to measure of {encoding!r}; there is {', '.join(sorted(_IDIOMS))}."
        )
    module, name = _IDIOMS[encoding]
    room = importlib.import_module(f"magenta_bridge.evaluation.features.{module}")
    return cast(FeatureSet, getattr(room, name))
