"""The networks of a family of recurrent cells: one for each kind of encoding."""

from __future__ import annotations

from typing import Any

import keras

from magenta_bridge.models.grid import GridNetwork
from magenta_bridge.models.groove import GrooveNetwork
from magenta_bridge.models.performance import StreamNetwork
from magenta_bridge.models.polyphony import FrameNetwork


def cell_networks(cell: str) -> list[Any]:
    """Return the grid, stream, frame, and groove network class of a cell, e.g. ``GridLSTM``.

    Their names and module, ``models.CELL.network``, are part of every saved network.
    """
    register = keras.saving.register_keras_serializable(package="magenta_bridge")
    shared = {"cell": cell, "__module__": f"magenta_bridge.models.{cell}.network"}
    return [
        register(type(base.__name__.replace("Network", cell.upper()), (base,), dict(shared)))
        for base in (GridNetwork, StreamNetwork, FrameNetwork, GrooveNetwork)
    ]
