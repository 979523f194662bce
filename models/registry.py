"""The model families there are; training and the contract suite find them here."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from magenta_bridge.encodings import melody
from magenta_bridge.errors import NotFoundError

if TYPE_CHECKING:
    import keras

# (family, encoding) -> module and class of the network
_NETWORKS: Final = {
    ("lstm", "melody"): ("magenta_bridge.models.lstm.network", "MelodyLSTM"),
}


def network_kinds() -> list[tuple[str, str]]:
    """Returns every pair of family and encoding that has a network."""
    return sorted(_NETWORKS)


def build_network(family: str, encoding: str, config: Mapping[str, Any]) -> keras.Model:
    """Makes an untrained network.

    Args:
        family: Model family, e.g. ``lstm``.
        encoding: Vocabulary it reads and writes, e.g. ``melody``.
        config: The family's own keyword arguments, e.g. ``units``.

    Returns:
        A built network of the step contract: ``call``, ``initial_state`` and ``step``.

    Raises:
        NotFoundError: There is no such pair, or the family does not take such a config.
    """
    if (family, encoding) not in _NETWORKS:
        known = ", ".join(f"{one} with {other}" for one, other in network_kinds())
        raise NotFoundError(f"There is no {family} model for {encoding}; there is {known}.")
    module, name = _NETWORKS[family, encoding]
    network_class = getattr(importlib.import_module(module), name)
    try:
        network: keras.Model = network_class(**_vocabulary(encoding), **config)
    except (TypeError, ValueError) as error:
        raise NotFoundError(f"A {family} network cannot be built so: {error}.") from error
    network.build()
    return network


def _vocabulary(encoding: str) -> dict[str, Any]:
    return {
        "event_ids": melody.EVENT_IDS,
        "input_ids": melody.INPUT_IDS,
        "bar_steps": tuple(int(melody.bar_steps(*meter)) for meter in melody.METERS),
        "name": encoding,
    }
