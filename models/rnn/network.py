"""The RNN family: one network for each kind of encoding."""

from __future__ import annotations

import keras

from magenta_bridge.models.frames import FrameNetwork
from magenta_bridge.models.grid import GridNetwork
from magenta_bridge.models.stream import StreamNetwork


@keras.saving.register_keras_serializable(package="magenta_bridge")
class GridRNN(GridNetwork):
    """Melodies and drums; see ``GridNetwork``."""

    cell = "rnn"


@keras.saving.register_keras_serializable(package="magenta_bridge")
class StreamRNN(StreamNetwork):
    """Expressive playing; see ``StreamNetwork``."""

    cell = "rnn"


@keras.saving.register_keras_serializable(package="magenta_bridge")
class FrameRNN(FrameNetwork):
    """Several voices; see ``FrameNetwork``."""

    cell = "rnn"
