"""Large matrices of an exported program in four bits a weight, for half the bytes.

Where a network is larger than a core's cache, a step takes as long as reading its weights does.
The matrices are rounded by GPTQ, so that held-out music is foretold nearly as well as before;
how nearly is for the caller to measure.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from numpy.typing import NDArray

from magenta_bridge.training.flatbuffer import Product, products, read_model, write_model
from magenta_bridge.training.gptq import round_weights
from magenta_bridge.training.product_factors import factor_moments

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
