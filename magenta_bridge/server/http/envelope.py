"""The frames of a stream: one byte of flags, four of length, and a message."""

from __future__ import annotations

import struct
from typing import Final

from magenta_bridge.errors import InvalidArgumentError

COMPRESSED: Final = 1
END: Final = 2

_HEAD: Final = struct.Struct(">BI")
HEAD_BYTES: Final = _HEAD.size


def wrap(data: bytes, flags: int = 0) -> bytes:
    """Returns a message in its frame."""
    return _HEAD.pack(flags, len(data)) + data


def unwrap_only(data: bytes) -> bytes:
    """Returns the one message of a request's body.

    Raises:
        InvalidArgumentError: The body is not exactly one whole, uncompressed message.
    """
    if len(data) < HEAD_BYTES:
        raise _fault(f"has {len(data)} bytes, fewer than the {HEAD_BYTES} of a frame's head")
    flags, length = _HEAD.unpack_from(data)
    if flags & COMPRESSED:
        raise _fault("holds a compressed message, and says of no compression")
    if flags:
        raise _fault(f"begins with the flags {flags}; a request has none")
    held = len(data) - HEAD_BYTES
    if length > held:
        raise _fault(f"promises {length} bytes and holds {held}")
    if length < held:
        raise _fault("holds more than one message")
    return data[HEAD_BYTES:]


def _fault(what: str) -> InvalidArgumentError:
    return InvalidArgumentError(
        f"The request's body {what}; send one message, framed as the Connect protocol has it.",
        field="request",
    )
