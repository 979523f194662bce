"""The encodings that can be trained on, by name."""

from __future__ import annotations

import importlib
from typing import Final, cast

from magenta_bridge.data.dataset import Material
from magenta_bridge.errors import NotFoundError

# Encoding -> module and class.
_MATERIALS: Final = {
    "drums": ("drums", "DrumMaterial"),
    "duo": ("duo", "DuoMaterial"),
    "melody": ("melody", "MelodyMaterial"),
    "performance": ("performance", "PerformanceMaterial"),
    "polyphony": ("polyphony", "PolyphonyMaterial"),
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
    made = getattr(importlib.import_module(f"magenta_bridge.data.{module}"), name)()
    return cast(Material, made)
