"""Read and write MIDI files."""

from __future__ import annotations

from magenta_bridge.formats.midi.reader import midi_to_note_sequence
from magenta_bridge.formats.midi.writer import note_sequence_to_midi

__all__ = ["midi_to_note_sequence", "note_sequence_to_midi"]
