"""The encodings that can be trained on, by name."""

from __future__ import annotations

import importlib
from typing import Final, cast

from magenta_bridge.errors import NotFoundError
from magenta_bridge.training.material import Material

# Encoding -> module and class.
_MATERIALS: Final = {
    "drums": ("drum_grooves", "DrumMaterial"),
    "duo": ("duos", "DuoMaterial"),
    "melody": ("grid_material", "MelodyMaterial"),
    "performance": ("performances", "PerformanceMaterial"),
    "polyphony": ("voices", "PolyphonyMaterial"),
}


def material_for(encoding: str) -> Material:
    """Returns an encoding's material.

    Raises:
        NotFoundError: There is no such encoding; the message names those there are.
    """
    if encoding not in _MATERIALS:
        raise NotFoundError(
            f"There is no encoding {encoding!r} to train; there is {', '.join(sorted(_MATERIALS))}."
        )
    module, name = _MATERIALS[encoding]
    made = getattr(importlib.import_module(f"magenta_bridge.training.{module}"), name)()
    return cast(Material, made)
