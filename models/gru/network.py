"""The GRU family: one network for each kind of encoding."""

from __future__ import annotations

import keras

from magenta_bridge.models.grid import GridNetwork
from magenta_bridge.models.performance import StreamNetwork
from magenta_bridge.models.polyphony import FrameNetwork


@keras.saving.register_keras_serializable(package="magenta_bridge")
class GridGRU(GridNetwork):
    """Melodies and drums; see ``GridNetwork``."""

    cell = "gru"


@keras.saving.register_keras_serializable(package="magenta_bridge")
class StreamGRU(StreamNetwork):
    """Expressive playing; see ``StreamNetwork``."""

    cell = "gru"


@keras.saving.register_keras_serializable(package="magenta_bridge")
class FrameGRU(FrameNetwork):
    """Several voices; see ``FrameNetwork``."""

    cell = "gru"
