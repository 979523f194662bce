"""Large matrices of an exported program in four bits a weight, for half the bytes.

Where a network is larger than a core's cache, a step takes as long as reading its weights does.
The matrices are rounded by GPTQ, so that held-out music is foretold nearly as well as before;
how nearly is for the caller to measure.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any, Final

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from numpy.typing import NDArray

from magenta_bridge.export.flatbuffer import Product, products, read_model, step_of, write_model
from magenta_bridge.runtime.signature import open_signature

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


# So many factors are multiplied with themselves at a time.
_ROWS: Final = 1024


def factor_moments(
    flatbuffer: bytes, wanted: Collection[Product], pieces: Iterable[Sequence[int]]
) -> dict[int, NDArray[np.float64]]:
    """Lets a program hear pieces and sums up what matrices are multiplied with.

    Args:
        flatbuffer: A step program.
        wanted: Products of it.
        pieces: Ids, from a start id on.

    Returns:
        For the buffer of each product the sum over its factors ``x`` of ``x x^T``,
        ``(inputs, inputs)``.
    """
    taps = {product.buffer: f"factor_{product.factor}" for product in wanted}
    rows: dict[str, list[NDArray[np.float32]]] = {name: [] for name in taps.values()}
    sums: dict[str, NDArray[np.float64]] = {}
    for heard, factors in enumerate(_hear(_tap(flatbuffer, wanted), sorted(rows), pieces), 1):
        for name, factor in factors.items():
            rows[name].append(factor)
        if heard % _ROWS == 0:
            _add(sums, rows)
    _add(sums, rows)
    return {buffer: sums[name] for buffer, name in taps.items()}


def _tap(flatbuffer: bytes, wanted: Collection[Product]) -> bytes:
    """Returns the program with the factors of products among the results of its step."""
    model = read_model(flatbuffer)
    signature, index = step_of(model)
    results = {int(each.tensorIndex) for each in signature.outputs}
    graph = model.subgraphs[index]
    for factor in sorted({product.factor for product in wanted}):
        entry = schema.TensorMapT()
        entry.name, entry.tensorIndex = f"factor_{factor}".encode(), factor
        signature.outputs.append(entry)
        if factor not in results:
            graph.outputs = np.append(graph.outputs, np.int32(factor))
    return write_model(model)


def _hear(
    flatbuffer: bytes, names: Sequence[str], pieces: Iterable[Sequence[int]]
) -> Iterator[dict[str, NDArray[np.float32]]]:
    _, index = step_of(read_model(flatbuffer))
    step = open_signature(flatbuffer, "step", subgraph=index)
    states = [name for name in step.blanks if name != "ids"]
    for piece in pieces:
        for name in states:
            step.set(name, step.blanks[name])
        for value in piece:
            step.set("ids", np.array([value], dtype=np.int32))
            step.invoke()
            for name in states:
                step.set(name, step.get(name))
            yield {name: step.get(name) for name in names}


def _add(
    sums: dict[str, NDArray[np.float64]], waiting: dict[str, list[NDArray[np.float32]]]
) -> None:
    for name, rows in waiting.items():
        if rows:
            width = rows[0].shape[-1]
            block = np.concatenate([each.reshape(-1, width) for each in rows]).astype(np.float64)
            sums[name] = sums.get(name, 0.0) + block.T @ block
            rows.clear()


# Matrices with a smaller share of all weights, such as that of the logits, are left as they are:
# there is little to gain.
_LEAST_SHARE: Final = 0.1
_BITS: Final = 4


def product_bytes(flatbuffer: bytes) -> int:
    """Returns how many bytes of matrices a step reads."""
    model = read_model(flatbuffer)
    held = {product.buffer: model.buffers[product.buffer].data for product in products(model)}
    return sum(0 if data is None else len(data) for data in held.values())


def to_four_bits(flatbuffer: bytes, pieces: Iterable[Sequence[int]]) -> bytes:
    """Returns a step program with its large int8 matrices in four bits.

    All signatures share the matrices, so all of them change.

    Args:
        flatbuffer: A program whose matrices are int8 with a scale per row.
        pieces: Music like that it will hear, as ids from a start id on; some ten thousand ids.
    """
    model = read_model(flatbuffer)
    found = list(products(model))
    least = _LEAST_SHARE * sum(_count(each.matrix) for each in found)
    large = {each.buffer: each for each in found if _fits(each.matrix, least)}
    moments = factor_moments(flatbuffer, large.values(), pieces) if large else {}
    for buffer, product in large.items():
        codes, scales = round_weights(_weights(model, product), moments[buffer], bits=_BITS)
        model.buffers[buffer].data = _packed(codes)
        for graph in model.subgraphs:
            for tensor in graph.tensors:
                if tensor.buffer == buffer:
                    tensor.type = schema.TensorType.INT4
                    tensor.quantization.scale = scales
    return write_model(model)


def _count(matrix: Any) -> int:
    return int(np.prod(matrix.shape))


def _fits(matrix: Any, least: float) -> bool:
    # Two codes share a byte, and a row is to begin with one.
    aligned = int(matrix.shape[1]) % 2 == 0
    return aligned and int(matrix.type) == schema.TensorType.INT8 and _count(matrix) >= least


def _weights(model: Any, product: Product) -> NDArray[np.float32]:
    held = np.asarray(model.buffers[product.buffer].data, dtype=np.uint8).view(np.int8)
    scales = np.asarray(product.matrix.quantization.scale, dtype=np.float32)
    weights: NDArray[np.float32] = held.reshape(product.matrix.shape) * scales[:, np.newaxis]
    return weights


def _packed(codes: NDArray[np.int8]) -> NDArray[np.uint8]:
    """Returns codes two in a byte, the former in the lower half."""
    halves = codes.reshape(-1, 2).view(np.uint8) & 0x0F
    return (halves[:, 0] | halves[:, 1] << 4).astype(np.uint8)
