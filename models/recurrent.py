"""Recurrent layers and step networks, run over a window at once or one step at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Final

import keras
from keras import ops

from magenta_bridge.models.tensor import State, Tensor

# Cell -> Keras layer, and how many tensors of state it keeps.
CELLS: Final[dict[str, tuple[Any, int]]] = {
    "lstm": (keras.layers.LSTM, 2),
    "gru": (keras.layers.GRU, 1),
    "rnn": (keras.layers.SimpleRNN, 1),
}


class BandAttention(keras.layers.Layer):
    """Attend to the last ``steps`` outputs of a recurrent layer, zeros before the beginning.

    Magenta's attention RNN (Waite, "Generating Long-Term Structure in Songs and Stories", 2016)
    attends to the last n outputs. Here the scores are scaled dot products (Vaswani et al. 2017,
    section 3.2.1) and the result is added to the output, not to the input, so that a window is
    computed at once.
    """

    def __init__(self, steps: int, **kwargs: object) -> None:
        super().__init__(**kwargs)
        if steps < 1:
            raise ValueError(f"attention must see 1 step or more, got {steps}")
        self.steps = steps

    def build(self, input_shape: Any) -> None:
        """Create the projections; the output is as wide as the input."""
        width = input_shape[-1]
        self.query = keras.layers.Dense(width, use_bias=False, name="query")
        self.join = keras.layers.Dense(width, activation="tanh", name="join")
        self.query.build((None, None, width))
        self.join.build((None, None, 2 * width))
        self.built = True

    def call(self, hidden: Tensor) -> Tensor:
        """Attend at every step of ``hidden (batch, steps, width)``; same shape out."""
        length, width = ops.shape(hidden)[1], hidden.shape[-1]
        padded = ops.pad(hidden, [[0, 0], [self.steps, 0], [0, 0]])  # (batch, steps + n, width)
        scores = ops.matmul(self.query(hidden), ops.transpose(padded, (0, 2, 1))) / width**0.5
        here = ops.expand_dims(ops.arange(length), 1)
        there = ops.expand_dims(ops.arange(length + self.steps), 0)
        seen = ops.logical_and(there >= here, there < here + self.steps)
        weights = ops.softmax(ops.where(seen, scores, ops.full_like(scores, -1e9)), axis=-1)
        return self.join(ops.concatenate([hidden, ops.matmul(weights, padded)], axis=-1))

    def step(self, hidden: Tensor, past: Tensor) -> tuple[Tensor, Tensor]:
        """Attend once from ``hidden (batch, width)`` to ``past (batch, n, width)``.

        Returns:
            The joined output ``(batch, width)`` and the past of the next step.
        """
        query = ops.expand_dims(self.query(hidden), 1)
        scores = ops.matmul(query, ops.transpose(past, (0, 2, 1))) / hidden.shape[-1] ** 0.5
        context = ops.matmul(ops.softmax(scores, axis=-1), past)[:, 0]
        joined = self.join(ops.concatenate([hidden, context], axis=-1))
        return joined, ops.concatenate([past[:, 1:], ops.expand_dims(hidden, 1)], axis=1)


class RecurrentStack(keras.layers.Layer):
    """Recurrent layers with dropout between them, and optional attention on top.

    LSTM after Hochreiter and Schmidhuber (1997), GRU after Cho et al. (2014), the plain tanh
    network after Elman (1990); dropout between layers only, after Zaremba et al. (2014).

    Args:
        cell: ``lstm``, ``gru`` or ``rnn``.
        units: Width of each layer, bottom first.
        dropout: Share of features dropped before, between, and after layers in training, 0..1.
        attention_steps: Number of earlier outputs of the top layer to attend to; 0 for none.

    Raises:
        ValueError: The cell is unknown, or there is no layer.
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
        """Create the weights for inputs of ``input_shape[-1]`` features."""
        width = input_shape[-1]
        for layer, units in zip(self.layers, self.units, strict=True):
            layer.build((None, None, width))
            width = units
        if self.attention is not None:
            self.attention.build((None, None, width))
        self.built = True

    def call(self, inputs: Tensor, training: bool = False) -> Tensor:
        """Run windows ``(batch, steps, features)`` from zeros; return ``(batch, steps, width)``."""
        hidden = self.drops[0](inputs, training=training)
        for layer, drop in zip(self.layers, self.drops[1:], strict=True):
            hidden, *_ = layer(hidden)
            hidden = drop(hidden, training=training)
        return hidden if self.attention is None else self.attention(hidden)

    def initial_memory(self, batch: int) -> State:
        """Return zeros: the state tensors of each layer, then the outputs attended to."""
        memory = [ops.zeros((batch, width)) for width in self.units for _ in range(self._parts)]
        if self.attention is not None:
            memory.append(ops.zeros((batch, self.attention.steps, self.width)))
        return memory

    def step(self, inputs: Tensor, memory: State) -> tuple[Tensor, State]:
        """Run one step of ``inputs (batch, features)``; return ``(batch, width)`` and memory."""
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
    """Run an LSTM cell like Keras, but with one matrix product, which is faster when exported."""
    hidden, carried = held
    kernel = ops.concatenate([cell.kernel, cell.recurrent_kernel], axis=0)
    gates = ops.matmul(ops.concatenate([inputs, hidden], axis=1), kernel) + cell.bias
    enters, stays, new, leaves = ops.split(gates, 4, axis=1)
    carried = ops.sigmoid(stays) * carried + ops.sigmoid(enters) * ops.tanh(new)
    hidden = ops.sigmoid(leaves) * ops.tanh(carried)
    return hidden, [hidden, carried]


def _gru_step(cell: Any, inputs: Tensor, held: State) -> tuple[Tensor, State]:
    """Run a GRU cell like Keras, but split where Keras slices.

    An exported program copies a split row by row, and a slice number by number.
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


class StepNetwork(keras.Model):
    """The common part of the step networks: configuration, recurrent layers, and logits.

    A subclass creates its feature layers between ``_configure`` and ``_add_layers``: initial
    weights depend on that order.
    """

    cell: ClassVar[str]
    event_ids: int
    input_ids: int
    bar_steps: tuple[int, ...]
    units: tuple[int, ...]
    embedding_units: int
    dropout: float
    attention_steps: int

    def _configure(self, **config: Any) -> None:
        """Set the constructor's arguments as attributes, and keep them for ``get_config``."""
        self._config = {
            name: tuple(value) if isinstance(value, Sequence) else value
            for name, value in config.items()
        }
        for name, value in self._config.items():
            setattr(self, name, value)

    def _add_layers(self, gates: int = 0) -> None:
        self.stack = RecurrentStack(
            self.cell, self.units, self.dropout, self.attention_steps, name="stack"
        )
        self.logits = keras.layers.Dense(self.event_ids, name="logits")
        if gates:
            self.gates = keras.layers.Dense(gates, name="gates")

    def _build_layers(self, width: int) -> None:
        """Create the weights of the layers above ``width`` features."""
        self.stack.build((None, None, width))
        for head in ("logits", "gates"):
            if hasattr(self, head):
                getattr(self, head).build((None, None, self.stack.width))
        self.built = True

    def _gated(self, hidden: Tensor, copies: Tensor) -> Tensor:
        """Return the logits, plus ``copies (..., gates, event_ids)`` weighted by the gates."""
        gates = ops.expand_dims(self.gates(hidden), -1)
        return self.logits(hidden) + ops.sum(gates * copies, axis=-2)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {**super().get_config(), **self._config}
