"""Descriptions and weight matrices of LiteRT flatbuffers."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from magenta_bridge.runtime.flatbuffer import read_model, write_model
from magenta_bridge.runtime.program import DESCRIPTION_NAME

_STEP: Final = b"step"


@dataclass(frozen=True)
class MatMul:
    """A multiplication of an activation by a weight matrix, in the signature ``step``.

    Attributes:
        buffer: Index of the weights' bytes, which all signatures share.
        weights: The weights' ``schema.TensorT``, of shape ``(outputs, inputs)``.
        input: Index of the activation's tensor in the step's subgraph.
    """

    buffer: int
    weights: Any
    input: int


def write_description(flatbuffer: bytes, description: Mapping[str, Any]) -> bytes:
    """Return a flatbuffer with its description, a JSON-able part of the metadata, replaced."""
    model = read_model(flatbuffer)
    payload = schema.BufferT()
    payload.data = np.frombuffer(
        json.dumps(description, sort_keys=True, ensure_ascii=True).encode(), dtype=np.uint8
    )
    entry = schema.MetadataT()
    entry.name = DESCRIPTION_NAME.encode()
    entry.buffer = len(model.buffers)
    model.buffers.append(payload)
    others = [each for each in model.metadata or [] if each.name != entry.name]
    model.metadata = [*others, entry]
    return write_model(model)


def step_signature(model: Any) -> Any:
    """Return the ``schema.SignatureDefT`` of the signature ``step``."""
    (step,) = (each for each in model.signatureDefs if each.signatureKey == _STEP)
    return step


def matmuls(model: Any) -> Iterator[MatMul]:
    """Yield the matrix multiplications of a step."""
    kinds = [max(each.builtinCode, each.deprecatedBuiltinCode) for each in model.operatorCodes]
    graph = model.subgraphs[step_signature(model).subgraphIndex]
    for each in graph.operators:
        if kinds[each.opcodeIndex] == schema.BuiltinOperator.FULLY_CONNECTED:
            weights = graph.tensors[each.inputs[1]]
            yield MatMul(int(weights.buffer), weights, int(each.inputs[0]))
