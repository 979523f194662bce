"""Programs for tests: the shipped ones, and changed copies of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

from magenta_bridge.generators.shipped import shipped_bundles
from magenta_bridge.noteseq import GeneratorBundle
from magenta_bridge.runtime.program import DESCRIPTION_NAME


def shipped_programs() -> dict[str, bytes]:
    """Returns the flatbuffers of this checkout's bundles that go step by step, by name."""
    return {path.stem: _program_of(path) for path in shipped_bundles() if not _makes_bars(path)}


def bar_programs() -> dict[str, bytes]:
    """Returns the flatbuffers of this checkout's bundles that make bars, by name."""
    return {path.stem: _program_of(path) for path in shipped_bundles() if _makes_bars(path)}


def _makes_bars(path: Path) -> bool:
    return path.parent.name == "gan"


def _program_of(path: Path) -> bytes:
    return GeneratorBundle.FromString(path.read_bytes()).metagraph_file


def a_program() -> bytes:
    """Returns one of the shipped flatbuffers."""
    return next(iter(shipped_programs().values()))


def with_description(program: bytes, description: Mapping[str, Any] | bytes | None) -> bytes:
    """Returns a copy that describes itself so; with None not at all."""
    model = _unpacked(program)
    entry = next(e for e in model.metadata if e.name == DESCRIPTION_NAME.encode())
    if description is None:
        model.metadata.remove(entry)
    else:
        raw = description if isinstance(description, bytes) else json.dumps(description).encode()
        model.buffers[entry.buffer].data = np.frombuffer(raw, dtype=np.uint8)
    return _packed(model)


def with_signature(program: bytes, name: str) -> bytes:
    """Returns a copy whose step bears another name."""
    model = _unpacked(program)
    _signature(model, "step").signatureKey = name.encode()
    return _packed(model)


def without_loop(program: bytes) -> bytes:
    """Returns a copy that goes step by step alone, as programs of earlier versions do."""
    model = _unpacked(program)
    step = _signature(model, "step")
    model.subgraphs = [model.subgraphs[step.subgraphIndex]]
    model.signatureDefs, step.subgraphIndex = [step], 0
    return _packed(model)


def with_output(program: bytes, old: str, new: str) -> bytes:
    """Returns a copy with one of its step's outputs renamed."""
    model = _unpacked(program)
    for tensor in _signature(model, "step").outputs:
        if tensor.name == old.encode():
            tensor.name = new.encode()
    return _packed(model)


def _signature(model: Any, name: str) -> Any:  # noqa: ANN401 - generated code without types
    """Returns a signature; that of a program of bars where it is no program of steps."""
    named = [each for each in model.signatureDefs if each.signatureKey == name.encode()]
    return (named or model.signatureDefs)[0]


def _unpacked(program: bytes) -> Any:  # noqa: ANN401 - generated code without types
    return schema.ModelT.InitFromObj(schema.Model.GetRootAs(program, 0))


def _packed(model: Any) -> bytes:  # noqa: ANN401
    builder = flatbuffers.Builder(1 << 20)
    builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
    return bytes(builder.Output())
