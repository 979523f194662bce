"""Names for what Keras leaves untyped, and look-ups that exported programs do in one operation."""

from __future__ import annotations

from typing import Any, TypeAlias

import keras
from keras import ops

Tensor: TypeAlias = Any  # each of Keras's backends has its own
State: TypeAlias = list[Tensor]


def rows(table: Tensor, ids: Tensor) -> Tensor:
    """Returns the rows of a table that ids name.

    As ``ops.take`` along the first axis, which also understands ids that count from the end;
    in an exported program that costs three operations more for each look-up.

    Args:
        table: ``(rows, ...)``.
        ids: Integers of any shape, 0 to ``rows - 1``.
    """
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        return tf.gather(ops.convert_to_tensor(table), ids)
    return ops.take(table, ids, axis=0)


def along(values: Tensor, places: Tensor) -> Tensor:
    """Returns of each row of ``values (batch, n, ...)`` what stands at ``places (batch, m)``.

    As ``ops.take_along_axis``, for places 0 to ``n - 1`` alone; see ``rows``.
    """
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        return tf.gather(values, places, batch_dims=1)
    inner = (1,) * (len(values.shape) - 2)
    return ops.take_along_axis(values, ops.reshape(places, (*places.shape, *inner)), axis=1)


def scattered(places: Tensor, values: Tensor, width: int) -> Tensor:
    """Returns rows of zeros to which values are added at places.

    An exported program does so in one operation, where a sum over one-hot rows takes four.

    Args:
        places: ``(batch, n)``, 0 to ``width - 1``; the same one may come several times.
        values: ``(batch, n)``.
        width: Length of a row.

    Returns:
        ``(batch, width)``.
    """
    batch, count = ops.shape(places)
    if batch != 1:
        places = places + width * ops.expand_dims(ops.arange(batch, dtype="int32"), 1)
    flat = ops.reshape(places, (batch * count, 1))
    sums = ops.scatter(flat, ops.reshape(values, (batch * count,)), (batch * width,))
    return ops.reshape(sums, (batch, width))
