"""Import Magenta's NoteSequence and generator protos without the rest of note-seq.

``import note_seq`` takes seconds (librosa, numba, bokeh) and raises pretty_midi's tick limit
for the whole process. This module loads note-seq's two generated modules under their own
names without running ``note_seq/__init__``, so that a later ``import note_seq`` shares the
same classes.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from magenta_bridge.errors import UnsupportedError

if TYPE_CHECKING:
    from note_seq.protobuf import generator_pb2, music_pb2


def _protobuf_folder() -> Path:
    spec = importlib.util.find_spec("note_seq")
    if spec is None or not spec.submodule_search_locations:
        raise UnsupportedError(
            "The package note-seq is not installed; run: pip install magenta-bridge"
        )
    return Path(spec.submodule_search_locations[0]) / "protobuf"


def _load_generated(name: str) -> ModuleType:
    """Load ``note_seq.protobuf.<name>`` unless it is loaded already."""
    full_name = f"note_seq.protobuf.{name}"
    loaded = sys.modules.get(full_name)
    if loaded is not None:
        return loaded
    spec = importlib.util.spec_from_file_location(full_name, _protobuf_folder() / f"{name}.py")
    if spec is None or spec.loader is None:
        raise UnsupportedError(f"note-seq has no {name}; reinstall it: pip install note-seq")
    module = importlib.util.module_from_spec(spec)
    sys.modules[full_name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[full_name]
        raise
    return module


if not TYPE_CHECKING:
    music_pb2 = _load_generated("music_pb2")
    generator_pb2 = _load_generated("generator_pb2")

NoteSequence = music_pb2.NoteSequence
GeneratorBundle = generator_pb2.GeneratorBundle
GeneratorDetails = generator_pb2.GeneratorDetails
GeneratorOptions = generator_pb2.GeneratorOptions

__all__ = [
    "GeneratorBundle",
    "GeneratorDetails",
    "GeneratorOptions",
    "NoteSequence",
    "generator_pb2",
    "music_pb2",
]
