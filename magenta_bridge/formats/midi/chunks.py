"""Build the parts of MIDI files, as bytes."""

from __future__ import annotations

import struct
from collections.abc import Iterable


def midi_file(ticks_per_quarter: int, chunks: Iterable[bytes]) -> bytes:
    """Return a file of format 1.

    Args:
        ticks_per_quarter: Ticks in a quarter note, 1 to 32767.
        chunks: Complete MTrk chunks, at most 65535.
    """
    tracks = list(chunks)
    header = struct.pack(">4sIHHH", b"MThd", 6, 1, len(tracks), ticks_per_quarter)
    return header + b"".join(tracks)


def track_chunk(events: bytes) -> bytes:
    """Return the MTrk chunk of ``events``, which include the end-of-track event."""
    return struct.pack(">4sI", b"MTrk", len(events)) + events


def meta_event(kind: int, data: bytes) -> bytes:
    """Return a meta event without its delta time; ``kind`` is 0 to 127."""
    return bytes([0xFF, kind]) + variable_length(len(data)) + data


def variable_length(number: int) -> bytes:
    """Return ``number``, 0 to 2**28 - 1, as MIDI's seven bits per byte."""
    out = [number & 0x7F]
    while number := number >> 7:
        out.append(0x80 | number & 0x7F)
    return bytes(reversed(out))
