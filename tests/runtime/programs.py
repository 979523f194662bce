"""Programs for tests: the included ones, and changed copies of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from magenta_bridge.generators.bundle import shipped_bundles
from magenta_bridge.noteseq import GeneratorBundle
from magenta_bridge.runtime.flatbuffer import read_model, write_model
from magenta_bridge.runtime.program import DESCRIPTION_NAME


def shipped_programs() -> dict[str, bytes]:
    """Return the flatbuffers of the included step programs, by name."""
    return {path.stem: _program_of(path) for path in shipped_bundles() if not _makes_bars(path)}


def bar_programs() -> dict[str, bytes]:
    """Return the flatbuffers of the included bar programs, by name."""
    return {path.stem: _program_of(path) for path in shipped_bundles() if _makes_bars(path)}


def _makes_bars(path: Path) -> bool:
    return path.parent.name == "gan"


def _program_of(path: Path) -> bytes:
    return GeneratorBundle.FromString(path.read_bytes()).metagraph_file


def a_program() -> bytes:
    """Return one of the included flatbuffers."""
    return next(iter(shipped_programs().values()))


def with_description(program: bytes, description: Mapping[str, Any] | bytes | None) -> bytes:
    """Return a copy with other metadata; None for no metadata."""
    model = read_model(program)
    entry = next(e for e in model.metadata if e.name == DESCRIPTION_NAME.encode())
    if description is None:
        model.metadata.remove(entry)
    else:
        raw = description if isinstance(description, bytes) else json.dumps(description).encode()
        model.buffers[entry.buffer].data = np.frombuffer(raw, dtype=np.uint8)
    return write_model(model)


def with_signature(program: bytes, name: str) -> bytes:
    """Return a copy with another name of its step signature."""
    model = read_model(program)
    _signature(model, "step").signatureKey = name.encode()
    return write_model(model)


def without_loop(program: bytes) -> bytes:
    """Return a copy without a loop, like programs of earlier versions."""
    model = read_model(program)
    step = _signature(model, "step")
    model.subgraphs = [model.subgraphs[step.subgraphIndex]]
    model.signatureDefs, step.subgraphIndex = [step], 0
    return write_model(model)


def with_output(program: bytes, old: str, new: str) -> bytes:
    """Return a copy with one renamed output of its step."""
    model = read_model(program)
    for tensor in _signature(model, "step").outputs:
        if tensor.name == old.encode():
            tensor.name = new.encode()
    return write_model(model)


def _signature(model: Any, name: str) -> Any:  # noqa: ANN401 - generated code without types
    """Return the step signature, or that of a bar program."""
    named = [each for each in model.signatureDefs if each.signatureKey == name.encode()]
    return (named or model.signatureDefs)[0]
