"""Write a NoteSequence as MIDI bytes."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from magenta_bridge.errors import InvalidSequenceError
from magenta_bridge.formats.midi.chunks import meta_event, midi_file, track_chunk, variable_length
from magenta_bridge.formats.midi.tempo import SecondClock, tempo_to_microseconds
from magenta_bridge.formats.midi.text import encode_name
from magenta_bridge.limits import MIDI_TICK, MIDI_TRACKS, check_limit
from magenta_bridge.noteseq import NoteSequence
from magenta_bridge.sequences.tempo_map import TempoMap
from magenta_bridge.sequences.validate import validate

# 480 divides triplets, 64ths and quintuplets exactly; 3360 adds septuplets.
_RESOLUTIONS: Final = (480, 960, 3360)
_FINE_TICKS: Final = 960
_EXACT_TICKS: Final = 0.02
_NOTE_SEQ_TICKS: Final = 220  # note_seq's default, which divides neither triplets nor 32nds
DRUM_CHANNEL: Final = 9
MELODIC_CHANNELS: Final = tuple(channel for channel in range(16) if channel != DRUM_CHANNEL)
RELEASE_VELOCITY: Final = 64

# Within one tick: releases free their pitches, settings apply to the notes that follow, and a
# note of no length is released only after it was struck.
_RELEASE, _SETTING, _STRIKE, _RELEASE_AT_ONCE = range(4)

_Key = tuple[int, int, bool]


@dataclass(order=True)
class _Event:
    tick: int
    rank: int
    order: tuple[int, ...]
    data: bytes = field(compare=False)


def note_sequence_to_midi(sequence: NoteSequence) -> bytes:
    """Write a NoteSequence as a MIDI file of format 1.

    The first track has title, tempos, meters and keys. Then comes one track for each
    instrument, program and drum flag, in this order; drums play on channel 10, others take the
    remaining 15 channels in turn, and from the sixteenth on channels are shared by separate
    tracks. Each track ends where the piece ends. Where notes of one pitch overlap in an
    instrument, MIDI does not say which release ends which note: the first to start is read as
    the first to end. Modes other than major and minor become the one with their third.
    Chord symbols, sections, voices and parts have no place in MIDI and are left out.

    Args:
        sequence: Music in seconds. Times go to the nearest tick of ``ticks_per_quarter``,
            counted at the sequence's own tempos. Where it is unset, or note_seq's 220 in music
            that does not come from a MIDI file, the file has the ticks that the notes need.

    Returns:
        The whole file.

    Raises:
        InvalidSequenceError: The sequence is not valid, or MIDI cannot hold a value of it.
        LimitExceededError: It is longer, or has more instruments, than ``limits`` allows.
    """
    validate(sequence)
    ticks_per_quarter = _resolution(sequence)
    if not 1 <= ticks_per_quarter <= 0x7FFF:
        raise InvalidSequenceError(
            f"sequence.ticks_per_quarter must be 1 to 32767, got {ticks_per_quarter}.",
            field="sequence.ticks_per_quarter",
        )
    clock = SecondClock(ticks_per_quarter, sequence.tempos)
    last_end = max((note.end_time for note in sequence.notes), default=0.0)
    end_tick = int(clock.ticks(max(sequence.total_time, last_end)))
    tracks = [_chunk(_conductor_events(sequence, clock), end_tick)]
    tracks += [_chunk(events, end_tick) for events in _instrument_tracks(sequence, clock)]
    check_limit(MIDI_TRACKS, len(tracks), where="sequence")
    return midi_file(ticks_per_quarter, tracks)


def _resolution(sequence: NoteSequence) -> int:
    """Return the ticks per quarter note of a file; where none is set, the first that fits."""
    from_file = sequence.source_info.encoding_type == NoteSequence.SourceInfo.MIDI
    if sequence.ticks_per_quarter not in (0, _NOTE_SEQ_TICKS) or (
        from_file and sequence.ticks_per_quarter
    ):
        return sequence.ticks_per_quarter
    times = [time for note in sequence.notes for time in (note.start_time, note.end_time)]
    quarters = TempoMap(sequence).quarters(times)
    for ticks in _RESOLUTIONS:
        if np.abs(quarters * ticks - np.rint(quarters * ticks)).max(initial=0.0) < _EXACT_TICKS:
            return ticks
    return _FINE_TICKS


def _conductor_events(sequence: NoteSequence, clock: SecondClock) -> list[_Event]:
    events = []
    title = sequence.sequence_metadata.title
    if title:
        events.append(_Event(-1, _SETTING, (0,), meta_event(0x03, encode_name(sequence, title))))
    ticks = clock.ticks([tempo.time for tempo in sequence.tempos]).tolist()
    for index, (tick, tempo) in enumerate(zip(ticks, sequence.tempos, strict=True)):
        data = tempo_to_microseconds(tempo.qpm, f"sequence.tempos[{index}]").to_bytes(3, "big")
        events.append(_Event(tick, _SETTING, (0, index), meta_event(0x51, data)))
    ticks = clock.ticks([meter.time for meter in sequence.time_signatures]).tolist()
    for index, (tick, meter) in enumerate(zip(ticks, sequence.time_signatures, strict=True)):
        events.append(_Event(tick, _SETTING, (1, index), meta_event(0x58, _meter_data(meter))))
    ticks = clock.ticks([key.time for key in sequence.key_signatures]).tolist()
    for index, (tick, key) in enumerate(zip(ticks, sequence.key_signatures, strict=True)):
        events.append(_Event(tick, _SETTING, (2, index), meta_event(0x59, _key_data(key))))
    return events


def _meter_data(meter: NoteSequence.TimeSignature) -> bytes:
    power = meter.denominator.bit_length() - 1
    compound = meter.numerator % 3 == 0 and meter.numerator > 3 and meter.denominator >= 8
    clocks_per_click = 96 // meter.denominator * (3 if compound else 1)
    return bytes([meter.numerator, power, max(clocks_per_click, 1), 8])


def _key_data(key: NoteSequence.KeySignature) -> bytes:
    minor = key.mode in _MINOR_LIKE
    tonic = key.key + (3 if minor else 0)
    sharps = (tonic * 7 + 5) % 12 - 5
    return struct.pack("bB", sharps, minor)


_MINOR_LIKE: Final = (
    NoteSequence.KeySignature.MINOR,
    NoteSequence.KeySignature.DORIAN,
    NoteSequence.KeySignature.PHRYGIAN,
    NoteSequence.KeySignature.LOCRIAN,
)


def _instrument_tracks(sequence: NoteSequence, clock: SecondClock) -> Iterator[list[_Event]]:
    """Yield the events of one track after another."""
    tracks: dict[_Key, list[_Event]] = {}
    _gather_notes(tracks, sequence, clock)
    _gather_controls(tracks, sequence, clock)
    _gather_bends(tracks, sequence, clock)
    names = {info.instrument: info.name for info in sequence.instrument_infos}
    melodic = 0
    for key in sorted(tracks):
        instrument, program, is_drum = key
        channel = DRUM_CHANNEL if is_drum else MELODIC_CHANNELS[melodic % len(MELODIC_CHANNELS)]
        melodic += not is_drum
        events = [_on_channel(event, channel) for event in tracks[key]]
        name = encode_name(sequence, names.get(instrument, ""))
        if name:
            events.append(_Event(-1, _SETTING, (0,), meta_event(0x03, name)))
        events.append(_Event(-1, _SETTING, (1,), bytes([0xC0 | channel, program])))
        yield events


def _on_channel(event: _Event, channel: int) -> _Event:
    return _Event(
        event.tick, event.rank, event.order, bytes([event.data[0] | channel]) + event.data[1:]
    )


def _gather_notes(
    tracks: dict[_Key, list[_Event]], sequence: NoteSequence, clock: SecondClock
) -> None:
    starts = clock.ticks([note.start_time for note in sequence.notes]).tolist()
    ends = clock.ticks([note.end_time for note in sequence.notes]).tolist()
    for note, start, end in zip(sequence.notes, starts, ends, strict=True):
        events = tracks.setdefault((note.instrument, note.program, note.is_drum), [])
        order = (note.pitch, end, note.velocity)
        strike = bytes([0x90, note.pitch, note.velocity])
        events.append(_Event(start, _STRIKE, order, strike))
        rank = _RELEASE if end > start else _RELEASE_AT_ONCE
        events.append(_Event(end, rank, order, bytes([0x80, note.pitch, RELEASE_VELOCITY])))


def _gather_controls(
    tracks: dict[_Key, list[_Event]], sequence: NoteSequence, clock: SecondClock
) -> None:
    ticks = clock.ticks([control.time for control in sequence.control_changes]).tolist()
    for index, (control, tick) in enumerate(zip(sequence.control_changes, ticks, strict=True)):
        key = (control.instrument, control.program, control.is_drum)
        data = bytes([0xB0, control.control_number, control.control_value])
        tracks.setdefault(key, []).append(_Event(tick, _SETTING, (0, index), data))


def _gather_bends(
    tracks: dict[_Key, list[_Event]], sequence: NoteSequence, clock: SecondClock
) -> None:
    ticks = clock.ticks([bend.time for bend in sequence.pitch_bends]).tolist()
    for index, (bend, tick) in enumerate(zip(sequence.pitch_bends, ticks, strict=True)):
        value = bend.bend + 0x2000
        data = bytes([0xE0, value & 0x7F, value >> 7])
        key = (bend.instrument, bend.program, bend.is_drum)
        tracks.setdefault(key, []).append(_Event(tick, _SETTING, (1, index), data))


def _chunk(events: list[_Event], end_tick: int) -> bytes:
    """Return one MTrk chunk that ends at ``end_tick`` or at its last event."""
    body = bytearray()
    now = 0
    for event in sorted(events):
        tick = max(event.tick, 0)
        body += variable_length(tick - now) + event.data
        now = tick
    check_limit(MIDI_TICK, max(now, end_tick), where="sequence")
    body += variable_length(max(end_tick - now, 0)) + meta_event(0x2F, b"")
    return track_chunk(bytes(body))
