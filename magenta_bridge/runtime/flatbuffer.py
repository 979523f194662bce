"""Read and write LiteRT flatbuffers as objects."""

from __future__ import annotations

from typing import Any, Final

_FILE_IDENTIFIER: Final = b"TFL3"


def read_model(flatbuffer: bytes) -> Any:
    """Return a program as a ``schema.ModelT``.

    Damaged bytes raise errors of many types, or need any amount of memory and time.
    """
    from ai_edge_litert import schema_py_generated as schema

    return schema.ModelT.InitFromObj(schema.Model.GetRootAs(flatbuffer, 0))


def write_model(model: Any) -> bytes:
    """Return the flatbuffer of a ``schema.ModelT``."""
    import flatbuffers

    builder = flatbuffers.Builder(1 << 20)
    builder.Finish(model.Pack(builder), file_identifier=_FILE_IDENTIFIER)
    return bytes(builder.Output())
