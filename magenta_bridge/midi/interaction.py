"""The names of Magenta's ``midi_interaction``: a script written for it changes its import line.

``DuetMidiInteraction`` is ours.
"""

from __future__ import annotations

from magenta_bridge.midi.interactions.base import MidiInteraction
from magenta_bridge.midi.interactions.call_and_response import CallAndResponseMidiInteraction
from magenta_bridge.midi.interactions.duet import DuetMidiInteraction
from magenta_bridge.sequences.edit import adjust_sequence_times

__all__ = [
    "CallAndResponseMidiInteraction",
    "DuetMidiInteraction",
    "MidiInteraction",
    "adjust_sequence_times",
]
