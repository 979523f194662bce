"""Rounds a matrix to few bits so that its products change least, not its numbers.

GPTQ (Frantar, Ashkboos, Hoefler and Alistarh 2023, "GPTQ: Accurate Post-Training Quantization
for Generative Pre-trained Transformers", Algorithm 1), itself after Optimal Brain Surgeon
(Hassibi and Stork 1993): inputs are rounded one after another, and what rounding one of them
does to the products is made up for by those that are not rounded yet.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

# Of the mean square input, added to each: section 4, "Step 3", where it is 1 % as well.
_DAMPING: Final = 0.01


def round_weights(
    weights: NDArray[np.floating], moments: NDArray[np.floating], *, bits: int
) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Returns codes and a scale for each row, so that ``codes * scales`` stands for the weights.

    Args:
        weights: ``(outputs, inputs)``.
        moments: Sum over many inputs ``x`` of ``x x^T``, ``(inputs, inputs)``.
        bits: Bits of a code, 2 to 8; codes are as far below zero as above.

    Returns:
        Codes ``(outputs, inputs)`` and scales ``(outputs,)``.
    """
    most = 2 ** (bits - 1) - 1
    reach = np.abs(weights).max(axis=1)
    scales = np.where(reach > 0, reach / most, 1.0)
    # Inputs that are large are rounded first, while there are many to make up for them: the
    # order that the authors' code calls "act-order".
    order = np.argsort(-np.diag(moments), kind="stable")
    left = weights[:, order].astype(np.float64)
    spread = _spread(moments[np.ix_(order, order)])
    codes = np.empty(weights.shape, dtype=np.int8)
    for place, column in enumerate(order):
        now = left[:, place]
        code = np.clip(np.round(now / scales), -most, most)
        codes[:, column] = code
        error = (now - code * scales) / spread[place, place]
        left[:, place + 1 :] -= np.outer(error, spread[place, place + 1 :])
    return codes, scales.astype(np.float32)


def _spread(moments: NDArray[np.floating]) -> NDArray[np.float64]:
    """Returns the upper Cholesky factor of the inverse of damped moments."""
    damped = moments.astype(np.float64)
    mean = float(np.diag(damped).mean())
    # Inputs that never come are as good as any other order.
    damped[np.diag_indices_from(damped)] += _DAMPING * mean if mean > 0 else 1.0
    spread: NDArray[np.float64] = np.linalg.cholesky(np.linalg.inv(damped)).T
    return spread
