"""Programs for tests: the shipped ones, and changed copies of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from magenta_bridge.export.flatbuffer import read_model, write_model
from magenta_bridge.generators.loading import shipped_bundles
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
    model = read_model(program)
    entry = next(e for e in model.metadata if e.name == DESCRIPTION_NAME.encode())
    if description is None:
        model.metadata.remove(entry)
    else:
        raw = description if isinstance(description, bytes) else json.dumps(description).encode()
        model.buffers[entry.buffer].data = np.frombuffer(raw, dtype=np.uint8)
    return write_model(model)


def with_signature(program: bytes, name: str) -> bytes:
    """Returns a copy whose step has another name."""
    model = read_model(program)
    _signature(model, "step").signatureKey = name.encode()
    return write_model(model)


def without_loop(program: bytes) -> bytes:
    """Returns a copy that goes step by step alone, as programs of earlier versions do."""
    model = read_model(program)
    step = _signature(model, "step")
    model.subgraphs = [model.subgraphs[step.subgraphIndex]]
    model.signatureDefs, step.subgraphIndex = [step], 0
    return write_model(model)


def with_output(program: bytes, old: str, new: str) -> bytes:
    """Returns a copy with one of its step's outputs renamed."""
    model = read_model(program)
    for tensor in _signature(model, "step").outputs:
        if tensor.name == old.encode():
            tensor.name = new.encode()
    return write_model(model)


def _signature(model: Any, name: str) -> Any:  # noqa: ANN401 - generated code without types
    """Returns a signature; that of a program of bars where it is no program of steps."""
    named = [each for each in model.signatureDefs if each.signatureKey == name.encode()]
    return (named or model.signatureDefs)[0]
