"""Stacked recurrent layers, run over a window at once or one step at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import keras
from keras import ops

from magenta_bridge.models.attention import BandAttention
from magenta_bridge.models.tensor import State, Tensor

# Cell -> Keras layer, and how many tensors of state it keeps.
CELLS: Final[dict[str, tuple[Any, int]]] = {
    "lstm": (keras.layers.LSTM, 2),
    "gru": (keras.layers.GRU, 1),
    "rnn": (keras.layers.SimpleRNN, 1),
}


class RecurrentStack(keras.layers.Layer):
    """Recurrent layers with dropout between them, and optional attention on top.

    LSTM after Hochreiter and Schmidhuber (1997), GRU after Cho et al. (2014), the plain tanh
    network after Elman (1990); dropout between layers only, after Zaremba et al. (2014).

    Args:
        cell: ``lstm``, ``gru`` or ``rnn``.
        units: Width of each layer, bottom first.
        dropout: Share of features dropped before, between and behind layers while training, 0..1.
        attention_steps: How many earlier outputs of the top layer are attended to; 0 for none.

    Raises:
        ValueError: There is no such cell, or no layer.
    """

    def __init__(
        self,
        cell: str,
        units: Sequence[int],
        dropout: float = 0.2,
        attention_steps: int = 0,
        **kwargs: object,
    ) -> None:
        super().__init__(**kwargs)
        if cell not in CELLS:
            raise ValueError(f"there is no cell {cell!r}; there is {', '.join(CELLS)}")
        if not units or min(units) < 1:
            raise ValueError(f"units must name one or more widths of 1 or more, got {units}")
        self.units = tuple(units)
        self._cell_step = _CELL_STEPS[cell]
        layer, self._parts = CELLS[cell]
        self.layers = [
            layer(width, return_sequences=True, return_state=True, name=f"{cell}_{index}")
            for index, width in enumerate(self.units)
        ]
        self.drops = [keras.layers.Dropout(dropout) for _ in range(len(self.units) + 1)]
        self.attention = (
            BandAttention(attention_steps, name="attention") if attention_steps else None
        )

    @property
    def width(self) -> int:
        """Width of the output."""
        return self.units[-1]

    def build(self, input_shape: Any) -> None:
        """Creates the weights for inputs of ``input_shape[-1]`` features."""
        width = input_shape[-1]
        for layer, units in zip(self.layers, self.units, strict=True):
            layer.build((None, None, width))
            width = units
        if self.attention is not None:
            self.attention.build((None, None, width))
        self.built = True

    def call(self, inputs: Tensor, training: bool = False) -> Tensor:
        """Runs over windows from a state of zeros.

        Args:
            inputs: ``(batch, steps, features)``.
            training: Whether to drop features.

        Returns:
            ``(batch, steps, width)``.
        """
        hidden = self.drops[0](inputs, training=training)
        for layer, drop in zip(self.layers, self.drops[1:], strict=True):
            hidden, *_ = layer(hidden)
            hidden = drop(hidden, training=training)
        return hidden if self.attention is None else self.attention(hidden)

    def initial_memory(self, batch: int) -> State:
        """Returns zeros: the state tensors of each layer, then the outputs attended to."""
        memory = [ops.zeros((batch, width)) for width in self.units for _ in range(self._parts)]
        if self.attention is not None:
            memory.append(ops.zeros((batch, self.attention.steps, self.width)))
        return memory

    def step(self, inputs: Tensor, memory: State) -> tuple[Tensor, State]:
        """Runs one step.

        Args:
            inputs: ``(batch, features)``.
            memory: As ``initial_memory`` or the last step returned it.

        Returns:
            ``(batch, width)`` and the new memory.
        """
        hidden, new_memory = inputs, []
        for index, layer in enumerate(self.layers):
            held = memory[index * self._parts : (index + 1) * self._parts]
            hidden, kept = self._cell_step(layer.cell, hidden, held)
            new_memory.extend(kept)
        if self.attention is not None:
            hidden, past = self.attention.step(hidden, memory[-1])
            new_memory.append(past)
        return hidden, new_memory


def _keras_step(cell: Any, inputs: Tensor, held: State) -> tuple[Tensor, State]:
    hidden, kept = cell(inputs, held)
    return hidden, list(kept)


def _lstm_step(cell: Any, inputs: Tensor, held: State) -> tuple[Tensor, State]:
    """Runs an LSTM cell as Keras does, but with one product of both matrices at once.

    A step of an exported program is so short that a second product and the sum of both show.
    """
    hidden, carried = held
    kernel = ops.concatenate([cell.kernel, cell.recurrent_kernel], axis=0)
    gates = ops.matmul(ops.concatenate([inputs, hidden], axis=1), kernel) + cell.bias
    enters, stays, new, leaves = ops.split(gates, 4, axis=1)
    carried = ops.sigmoid(stays) * carried + ops.sigmoid(enters) * ops.tanh(new)
    hidden = ops.sigmoid(leaves) * ops.tanh(carried)
    return hidden, [hidden, carried]


def _gru_step(cell: Any, inputs: Tensor, held: State) -> tuple[Tensor, State]:
    """Runs a GRU cell as Keras does, but splits products where Keras slices them.

    An exported program copies the parts of a split row by row, and those of a slice one number
    after another.
    """
    (hidden,) = held
    of_inputs = ops.matmul(inputs, cell.kernel) + cell.bias[0]
    of_hidden = ops.matmul(hidden, cell.recurrent_kernel) + cell.bias[1]
    keeps, resets, new = ops.split(of_inputs, 3, axis=1)
    keeps_too, resets_too, new_too = ops.split(of_hidden, 3, axis=1)
    kept = ops.sigmoid(keeps + keeps_too)
    new = ops.tanh(new + ops.sigmoid(resets + resets_too) * new_too)
    hidden = kept * hidden + (1.0 - kept) * new
    return hidden, [hidden]


_CELL_STEPS: Final = {"lstm": _lstm_step, "gru": _gru_step, "rnn": _keras_step}
