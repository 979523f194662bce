"""Quantize the large weight matrices of an exported program to int4 with GPTQ.

Where a network is larger than a core's cache, a step takes as long as reading its weights; int4
halves them. The caller measures the held-out likelihood.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any, Final

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from numpy.typing import NDArray

from magenta_bridge.export.flatbuffer import MatMul, matmuls, step_signature
from magenta_bridge.runtime.flatbuffer import read_model, write_model
from magenta_bridge.runtime.interpreter import open_signature

# Matrices with a smaller share of all weights, such as the output layer, stay int8.
_MIN_SHARE: Final = 0.1
_BITS: Final = 4
# Share of the mean diagonal of the Hessian that is added to it (section 4, "Step 3").
_DAMPING: Final = 0.01


def weight_bytes(flatbuffer: bytes) -> int:
    """Return the size of the weight matrices that a step reads, in bytes."""
    model = read_model(flatbuffer)
    stored = (model.buffers[buffer].data for buffer in {each.buffer for each in matmuls(model)})
    return sum(len(data) for data in stored if data is not None)


def quantize_int4(flatbuffer: bytes, pieces: Iterable[Sequence[int]]) -> bytes:
    """Return a step program with its large int8 matrices in int4, in all signatures.

    Args:
        flatbuffer: A program whose matrices are int8 with a scale per row.
        pieces: Calibration data: input ids, about ten thousand in all.
    """
    model = read_model(flatbuffer)
    found = list(matmuls(model))
    smallest = _MIN_SHARE * sum(_size(each.weights) for each in found)
    large = {each.buffer: each for each in found if _fits(each.weights, smallest)}
    hessians = calibrate(flatbuffer, large.values(), pieces) if large else {}
    for buffer, matmul in large.items():
        codes, scales = gptq(_dequantize(model, matmul), hessians[buffer], bits=_BITS)
        halves = codes.reshape(-1, 2).view(np.uint8) & 0x0F
        model.buffers[buffer].data = halves[:, 0] | halves[:, 1] << 4
        for graph in model.subgraphs:
            for tensor in graph.tensors:
                if tensor.buffer == buffer:
                    tensor.type = schema.TensorType.INT4
                    tensor.quantization.scale = scales
    return write_model(model)


def _size(weights: Any) -> int:
    return int(np.prod(weights.shape))


def _fits(weights: Any, smallest: float) -> bool:
    # Two codes share a byte, and each row starts at a byte.
    is_even = int(weights.shape[1]) % 2 == 0
    return is_even and int(weights.type) == schema.TensorType.INT8 and _size(weights) >= smallest


def _dequantize(model: Any, matmul: MatMul) -> NDArray[np.float32]:
    codes = np.asarray(model.buffers[matmul.buffer].data, dtype=np.uint8).view(np.int8)
    scales = np.asarray(matmul.weights.quantization.scale, dtype=np.float32)
    weights: NDArray[np.float32] = codes.reshape(matmul.weights.shape) * scales[:, np.newaxis]
    return weights


def calibrate(
    flatbuffer: bytes, wanted: Collection[MatMul], pieces: Iterable[Sequence[int]]
) -> dict[int, NDArray[np.float64]]:
    """Run a step program on pieces and return the Hessian of each matmul, by its buffer.

    The Hessian is the sum of ``x x^T`` over the inputs ``x`` of the matmul, ``(inputs, inputs)``.
    """
    names = {each.buffer: f"input_{each.input}" for each in wanted}
    hessians = {each.buffer: np.zeros([each.weights.shape[1]] * 2) for each in wanted}
    tapped, subgraph = _expose_inputs(flatbuffer, wanted)
    step = open_signature(tapped, "step", subgraph=subgraph)
    states = [name for name in step.blanks if name != "ids"]
    for piece in pieces:
        rows: dict[int, list[NDArray[np.float32]]] = {buffer: [] for buffer in names}
        for name in states:
            step.set(name, step.blanks[name])
        for value in piece:
            step.set("ids", np.array([value], dtype=np.int32))
            step.invoke()
            for name in states:
                step.set(name, step.get(name))
            for buffer, name in names.items():
                rows[buffer].append(step.get(name))
        for buffer, inputs in rows.items():
            block = np.concatenate(inputs).reshape(-1, len(hessians[buffer])).astype(np.float64)
            hessians[buffer] += block.T @ block
    return hessians


def _expose_inputs(flatbuffer: bytes, wanted: Collection[MatMul]) -> tuple[bytes, int]:
    """Return a program whose step also outputs the inputs of matmuls, and the step's subgraph."""
    model = read_model(flatbuffer)
    signature = step_signature(model)
    graph = model.subgraphs[signature.subgraphIndex]
    for index in sorted({each.input for each in wanted}):
        entry = schema.TensorMapT()
        entry.name, entry.tensorIndex = f"input_{index}".encode(), index
        signature.outputs.append(entry)
        if index not in graph.outputs:
            graph.outputs = np.append(graph.outputs, np.int32(index))
    return write_model(model), int(signature.subgraphIndex)


def gptq(
    weights: NDArray[np.floating], hessian: NDArray[np.floating], *, bits: int
) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Quantize a weight matrix so that its outputs change least.

    GPTQ (Frantar, Ashkboos, Hoefler and Alistarh 2023, "GPTQ: Accurate Post-Training Quantization
    for Generative Pre-trained Transformers", Algorithm 1), based on Optimal Brain Surgeon
    (Hassibi and Stork 1993): columns are rounded one after another, and the remaining columns
    compensate for the error of each.

    Args:
        weights: ``(outputs, inputs)``.
        hessian: Sum over many inputs ``x`` of ``x x^T``, ``(inputs, inputs)``.
        bits: Bits per code, 2 to 8; codes are symmetric around zero.

    Returns:
        Codes ``(outputs, inputs)`` and scales ``(outputs,)``; their product approximates the
        weights.
    """
    most = 2 ** (bits - 1) - 1
    largest = np.abs(weights).max(axis=1)
    scales = np.where(largest > 0, largest / most, 1.0)
    # Largest inputs first, while many columns can compensate: "act-order" in the authors' code.
    order = np.argsort(-np.diag(hessian), kind="stable")
    remaining = weights[:, order].astype(np.float64)
    factor = _inverse_factor(hessian[np.ix_(order, order)])
    codes = np.empty(weights.shape, dtype=np.int8)
    for place, column in enumerate(order):
        values = remaining[:, place]
        code = np.clip(np.round(values / scales), -most, most)
        codes[:, column] = code
        error = (values - code * scales) / factor[place, place]
        remaining[:, place + 1 :] -= np.outer(error, factor[place, place + 1 :])
    return codes, scales.astype(np.float32)


def _inverse_factor(hessian: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return the upper Cholesky factor of the inverse of a damped Hessian."""
    damped = hessian.astype(np.float64)
    mean = float(np.diag(damped).mean())
    damped[np.diag_indices_from(damped)] += _DAMPING * mean if mean > 0 else 1.0
    factor: NDArray[np.float64] = np.linalg.cholesky(np.linalg.inv(damped)).T
    return factor
