"""LiteRT programs taken apart and put together again."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from magenta_bridge.runtime.program import DESCRIPTION_NAME

_FILE_IDENTIFIER: Final = b"TFL3"
_STEP: Final = b"step"


@dataclass(frozen=True)
class Product:
    """A product of a step with a matrix that the program holds.

    Attributes:
        buffer: Index of the matrix's bytes, which all signatures share.
        matrix: Its tensor, ``(outputs, inputs)``; of generated code, as all in a model.
        factor: Index, in the step's subgraph, of the tensor that it is multiplied with.
    """

    buffer: int
    matrix: Any
    factor: int


def read_model(flatbuffer: bytes) -> Any:
    """Returns a program as objects, a ``schema.ModelT``."""
    return schema.ModelT.InitFromObj(schema.Model.GetRootAs(flatbuffer, 0))


def write_model(model: Any) -> bytes:
    """Returns the flatbuffer of a ``schema.ModelT``."""
    import flatbuffers

    builder = flatbuffers.Builder(1 << 20)
    builder.Finish(model.Pack(builder), file_identifier=_FILE_IDENTIFIER)
    return bytes(builder.Output())


def write_description(flatbuffer: bytes, description: Mapping[str, Any]) -> bytes:
    """Returns the flatbuffer with a JSON-able description in its metadata, for any there was."""
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


def step_of(model: Any) -> tuple[Any, int]:
    """Returns the signature ``step`` of a model and the index of its subgraph."""
    (step,) = (each for each in model.signatureDefs if each.signatureKey == _STEP)
    return step, int(step.subgraphIndex)


def products(model: Any) -> Iterator[Product]:
    """Finds the products of a step."""
    kinds = [max(each.builtinCode, each.deprecatedBuiltinCode) for each in model.operatorCodes]
    graph = model.subgraphs[step_of(model)[1]]
    for each in graph.operators:
        if kinds[each.opcodeIndex] == schema.BuiltinOperator.FULLY_CONNECTED:
            factor, matrix = int(each.inputs[0]), graph.tensors[each.inputs[1]]
            yield Product(int(matrix.buffer), matrix, factor)
