"""The names of Magenta's ``midi_interaction``. To port a script, change its import line.

``DuetMidiInteraction`` is an addition of Magenta Bridge.
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
