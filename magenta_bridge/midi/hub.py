"""The names of Magenta's ``midi_hub``. To port a script, change its import line.

Example:
    from magenta_bridge.midi import hub as midi_hub

    with midi_hub.MidiHub(["Keys"], ["Synth"], midi_hub.TextureType.POLYPHONIC) as hub:
        clip = hub.capture_sequence(qpm=120, start_time=0, stop_time=time.time() + 8)
"""

from __future__ import annotations

from magenta_bridge.errors import MidiHubError
from magenta_bridge.midi.engine.captor import MidiCaptor, MonophonicMidiCaptor, PolyphonicMidiCaptor
from magenta_bridge.midi.engine.metronome import Metronome
from magenta_bridge.midi.engine.midi_hub import MidiHub
from magenta_bridge.midi.engine.player import MidiPlayer
from magenta_bridge.midi.engine.signal import MidiSignal, TextureType
from magenta_bridge.midi.ports.ports import input_names as get_available_input_ports
from magenta_bridge.midi.ports.ports import output_names as get_available_output_ports

__all__ = [
    "Metronome",
    "MidiCaptor",
    "MidiHub",
    "MidiHubError",
    "MidiPlayer",
    "MidiSignal",
    "MonophonicMidiCaptor",
    "PolyphonicMidiCaptor",
    "TextureType",
    "get_available_input_ports",
    "get_available_output_ports",
]
