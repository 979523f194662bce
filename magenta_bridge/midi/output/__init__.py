"""Sends MIDI messages so that every note that starts also ends."""
