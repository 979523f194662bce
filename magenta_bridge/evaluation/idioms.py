"""The idioms there are, by encoding."""

from __future__ import annotations

import importlib
from typing import Final, cast

from magenta_bridge.errors import NotFoundError
from magenta_bridge.evaluation.idiom import Idiom

# Encoding -> module and name.
_IDIOMS: Final = {
    "drums": ("drum_idiom", "DRUMS"),
    "duo": ("duo_idiom", "DUO"),
    "melody": ("melody_idiom", "MELODY"),
    "performance": ("performance_idiom", "PERFORMANCE"),
    "polyphony": ("voices_idiom", "VOICES"),
}


def idiom_of(encoding: str) -> Idiom:
    """Returns what one would notice of music of an encoding.

    Raises:
        NotFoundError: There is no such encoding.
    """
    if encoding not in _IDIOMS:
        raise NotFoundError(
            f"There is nothing to measure of {encoding!r}; there is {', '.join(sorted(_IDIOMS))}."
        )
    module, name = _IDIOMS[encoding]
    return cast(
        Idiom, getattr(importlib.import_module(f"magenta_bridge.evaluation.{module}"), name)
    )
