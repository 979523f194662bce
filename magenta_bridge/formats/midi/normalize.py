"""Rewrite a validated MIDI file, so that the parser drops nothing."""

from __future__ import annotations

from typing import Final

from magenta_bridge.formats.midi.chunks import meta_event, midi_file, track_chunk, variable_length
from magenta_bridge.formats.midi.validate import MidiOutline

# symusic forgets controllers and pitch bends of a channel without notes. A note behind the
# end of the whole file makes it remember them; the reader knows that note by its time.
_KEEPER_PITCH: Final = 60


def tidy_midi_bytes(outline: MidiOutline) -> bytes:
    """Returns the file that the guard saw, without foreign chunks and trailing bytes.

    Each channel of a track that has controllers or pitch bends but no notes gets a keeper
    note, one tick behind ``outline.end_ticks``.
    """
    keeper_tick = outline.end_ticks + 1
    chunks = []
    for track in outline.tracks:
        wait = keeper_tick - (track.end_ticks - track.end_delta)
        events = track.events
        for channel in track.lone_channels:
            events += _keeper(channel, wait)
            wait = 0
        chunks.append(track_chunk(events + variable_length(0) + meta_event(0x2F, b"")))
    return midi_file(outline.ticks_per_quarter, chunks)


def _keeper(channel: int, wait: int) -> bytes:
    strike = bytes([0x90 | channel, _KEEPER_PITCH, 1])
    release = bytes([0x80 | channel, _KEEPER_PITCH, 0])
    return variable_length(wait) + strike + variable_length(0) + release
