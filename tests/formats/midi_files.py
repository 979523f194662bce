"""Builds small MIDI files, sound and broken, byte by byte."""

from __future__ import annotations

import struct

TEMPO = b"\xff\x51\x03\x07\xa1\x20"
END = b"\x00\xff\x2f\x00"
C_NOTE = b"\x00\x90\x3c\x40\x60\x80\x3c\x00"


def header(midi_format: int = 1, tracks: int = 1, division: int = 480) -> bytes:
    """Return an MThd chunk."""
    return b"MThd" + struct.pack(">IHHH", 6, midi_format, tracks, division)


def track(events: bytes, end: bytes = END) -> bytes:
    """Return an MTrk chunk of events with their delta times."""
    return b"MTrk" + struct.pack(">I", len(events + end)) + events + end


def midi(*tracks: bytes, midi_format: int = 1, division: int = 480) -> bytes:
    """Return a file of complete track chunks."""
    return header(midi_format, len(tracks), division) + b"".join(tracks)
