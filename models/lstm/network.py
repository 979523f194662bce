"""The LSTM family: one network for each kind of encoding."""

from __future__ import annotations

import keras

from magenta_bridge.models.grid import GridNetwork
from magenta_bridge.models.performance import StreamNetwork
from magenta_bridge.models.polyphony import FrameNetwork


@keras.saving.register_keras_serializable(package="magenta_bridge")
class GridLSTM(GridNetwork):
    """Melodies and drums; see ``GridNetwork``."""

    cell = "lstm"


@keras.saving.register_keras_serializable(package="magenta_bridge")
class StreamLSTM(StreamNetwork):
    """Expressive playing; see ``StreamNetwork``."""

    cell = "lstm"


@keras.saving.register_keras_serializable(package="magenta_bridge")
class FrameLSTM(FrameNetwork):
    """Several voices; see ``FrameNetwork``."""

    cell = "lstm"
