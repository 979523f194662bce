"""Magenta's MIDI hub and its parts: captor, player, metronome, signals and clock output."""
