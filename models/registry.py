"""The model families; training and the contract suite find them here."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from magenta_bridge.encodings.meters import METERS, bar_steps
from magenta_bridge.errors import NotFoundError

if TYPE_CHECKING:
    import keras

_FAMILIES: Final = ("lstm", "gru", "rnn")
# Encoding -> kind of network; a class has the name of its kind and its family.
_KINDS: Final = {
    "drums": "Grid",
    "groove": "Groove",
    "melody": "Grid",
    "performance": "Stream",
    "polyphony": "Frame",
}


def network_kinds() -> list[tuple[str, str]]:
    """Return every pair of family and encoding that has a network."""
    return sorted((family, encoding) for family in _FAMILIES for encoding in _KINDS)


def build_network(family: str, encoding: str, config: Mapping[str, Any]) -> keras.Model:
    """Build an untrained network with ``call``, ``initial_state``, and ``step``.

    Args:
        family: Model family, e.g. ``lstm``.
        encoding: Vocabulary it reads and writes, e.g. ``melody``.
        config: The family's own keyword arguments, e.g. ``units``.

    Raises:
        NotFoundError: The pair is unknown, or the family does not accept the config.
    """
    if (family, encoding) not in network_kinds():
        known = ", ".join(f"{one} with {other}" for one, other in network_kinds())
        raise NotFoundError(f"There is no {family} model for {encoding}; there is {known}.")
    module = importlib.import_module(f"magenta_bridge.models.{family}.network")
    network_class = getattr(module, _KINDS[encoding] + family.upper())
    try:
        network: keras.Model = network_class(**_vocabulary(encoding), **config)
    except (TypeError, ValueError) as error:
        raise NotFoundError(f"A {family} network cannot be built so: {error}.") from error
    network.build()
    return network


def _vocabulary(encoding: str) -> dict[str, Any]:
    """Return a network's arguments that its encoding determines."""
    module = importlib.import_module(f"magenta_bridge.encodings.{encoding}")
    words = {"event_ids": module.EVENT_IDS, "input_ids": module.INPUT_IDS, "name": encoding}
    if hasattr(module, "start_id"):  # it has meters
        words["bar_steps"] = tuple(int(bar_steps(*meter)) for meter in METERS)
    return words
