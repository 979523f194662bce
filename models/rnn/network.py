"""The RNN family: one network for each kind of encoding."""

from __future__ import annotations

import keras

from magenta_bridge.models.grid import GridNetwork
from magenta_bridge.models.performance import StreamNetwork
from magenta_bridge.models.polyphony import FrameNetwork


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
