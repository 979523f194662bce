"""The LSTM family: one network for each kind of encoding."""

from __future__ import annotations

from magenta_bridge.models.cell_family import cell_networks

GridLSTM, StreamLSTM, FrameLSTM, GrooveLSTM = cell_networks("lstm")
