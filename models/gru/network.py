"""The GRU family: one network for each kind of encoding."""

from __future__ import annotations

import keras

from magenta_bridge.models.grid import GridNetwork


@keras.saving.register_keras_serializable(package="magenta_bridge")
class GridGRU(GridNetwork):
    """Melodies and drums; see ``GridNetwork``."""

    cell = "gru"
