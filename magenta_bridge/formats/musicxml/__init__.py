"""Read MusicXML files."""

from __future__ import annotations

from magenta_bridge.formats.musicxml.reader import musicxml_to_note_sequence

__all__ = ["musicxml_to_note_sequence"]
