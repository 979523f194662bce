"""Types that Keras lacks, and lookups that exported programs do in one operation."""

from __future__ import annotations

from typing import Any, TypeAlias

import keras
from keras import ops

Tensor: TypeAlias = Any  # each of Keras's backends has its own
State: TypeAlias = list[Tensor]


def rows(table: Tensor, ids: Tensor) -> Tensor:
    """Return rows of ``table (rows, ...)``, for ids of any shape in 0 to ``rows - 1``.

    ``ops.take`` also accepts negative ids, which costs an exported program three operations more.
    """
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        return tf.gather(ops.convert_to_tensor(table), ids)
    return ops.take(table, ids, axis=0)


def along(values: Tensor, places: Tensor) -> Tensor:
    """Return the entries of ``values (batch, n, ...)`` at ``places (batch, m)`` of each row.

    Like ``ops.take_along_axis``, for places 0 to ``n - 1``; see ``rows``.
    """
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        return tf.gather(values, places, batch_dims=1)
    inner = (1,) * (len(values.shape) - 2)
    return ops.take_along_axis(values, ops.reshape(places, (*places.shape, *inner)), axis=1)


def scattered(places: Tensor, values: Tensor, width: int) -> Tensor:
    """Return zeros ``(batch, width)`` plus ``values`` at ``places``, both ``(batch, n)``.

    Places may repeat. An exported program does so in one operation; a sum over one-hot rows takes
    four.
    """
    batch, count = ops.shape(places)
    if batch != 1:
        places = places + width * ops.expand_dims(ops.arange(batch, dtype="int32"), 1)
    flat = ops.reshape(places, (batch * count, 1))
    sums = ops.scatter(flat, ops.reshape(values, (batch * count,)), (batch * width,))
    return ops.reshape(sums, (batch, width))
