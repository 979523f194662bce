"""Draw random MIDI tracks, and read them with mido, an independent reader."""

from __future__ import annotations

import io
import random
from collections import Counter, defaultdict
from typing import TypeAlias

from mido import MidiFile

from magenta_bridge.formats.midi.file_scanner import scan_file
from magenta_bridge.formats.midi.track_scanner import NO_PROGRAM
from tests.formats.midi_files import END, midi, track

# Kind, tick, channel or 0, and the values of each event; notes with their end.
Music: TypeAlias = Counter[tuple[object, ...]]

_SYSEX, _META = (0xF0, 0xF7), 0xFF
_TEXTS = (*range(1, 8), 0x09, 0x7F)
_UNKNOWN = (0x0A, 0x0F, 0x30, 0x60, 0x7E)
# Meta events whose data mean something, with data that every reader takes.
_SETTINGS = {0x51: b"\x07\xa1\x20", 0x58: b"\x06\x03\x24\x08", 0x59: b"\xfd\x01"}


def number(value: int) -> bytes:
    """Return a variable-length number."""
    groups = [value & 0x7F]
    while value := value >> 7:
        groups.append(0x80 | value & 0x7F)
    return bytes(reversed(groups))


def random_file(rng: random.Random) -> tuple[bytes, bytes]:
    """Draw a file of one track with every kind of event.

    Returns:
        The file, and the same music without what mido does not read: with each status byte
        written out, and with text in place of settings of odd length and of meta events of
        unknown kind, whose delta times mido loses.
    """
    drawn, plain = bytearray(), bytearray()
    status = 0
    for _ in range(rng.randint(0, 40)):
        delta = number(rng.choice((0, 0, rng.randint(1, 200), rng.randint(200, 20_000))))
        kind = rng.random()
        if kind < 0.7 or not status:
            before, status = status, rng.choice((rng.randrange(0x80, 0xF0), status or 0x90, 0x90))
            data = bytes(rng.randrange(128) for _ in range(1 if 0xC0 <= status < 0xE0 else 2))
            if status >> 4 in (8, 9):  # few pitches, so that notes meet their releases
                data = bytes([60 + data[0] % 4, data[1] if data[1] % 3 else 0])
            shown = b"" if status == before and rng.random() < 0.8 else bytes([status])
            drawn += delta + shown + data
            plain += delta + bytes([status]) + data
        elif kind < 0.85:
            data = rng.randbytes(rng.choice((0, 1, 3, 200)))
            event = bytes([rng.choice(_SYSEX)]) + number(len(data)) + data
            drawn += delta + event
            plain += delta + event
        else:
            drawn_event, plain_event = _meta(rng)
            drawn += delta + drawn_event
            plain += delta + plain_event
    tail = number(rng.randint(0, 300)) + END[1:]
    return midi(track(bytes(drawn), tail)), midi(track(bytes(plain), tail))


def _meta(rng: random.Random) -> tuple[bytes, bytes]:
    text = bytes([_META, 1, 0])
    if rng.random() < 0.6:
        data = bytes(rng.randrange(32, 127) for _ in range(rng.choice((0, 1, 5, 130))))
        event = bytes([_META, rng.choice(_TEXTS + _UNKNOWN)]) + number(len(data)) + data
        return event, text if event[1] in _UNKNOWN else event
    kind = rng.choice(tuple(_SETTINGS))
    data = _SETTINGS[kind]
    event = bytes([_META, kind, len(data)]) + data
    if rng.random() < 0.7:
        return event, event
    short = data[: rng.randint(0, 1)]
    return bytes([_META, kind, len(short)]) + short, text


def our_music(data: bytes) -> Music:
    """Return what our reader finds in a file of one track."""
    found: Music = Counter()
    scanned = scan_file(data, "random", []).tracks[0]
    for (channel, program), notes in scanned.notes.items():
        for start, pitch, end, velocity in notes:
            found["note", start, channel, pitch, velocity, end, program] += 1
    for (channel, program), controls in scanned.controls.items():
        found.update(("control", tick, channel, *rest, program) for tick, *rest in controls)
    for (channel, program), bends in scanned.bends.items():
        found.update(("bend", tick, channel, value, program) for tick, value in bends)
    found.update(("program", *row) for row in scanned.programs)
    found.update(("tempo", *row) for row in scanned.tempos)
    found.update(("meter", *row) for row in scanned.meters)
    found["end", scanned.end_ticks] += 1
    found["name", scanned.name.decode("latin-1")] += 1
    return found


def midos_music(data: bytes) -> Music:
    """Return what mido finds in a file of one track, its notes paired first in, first out."""
    found: Music = Counter()
    programs = dict.fromkeys(range(16), NO_PROGRAM)
    struck: dict[tuple[int, int], list[tuple[int, int, int]]] = defaultdict(list)
    tick, name = 0, ""
    for message in MidiFile(file=io.BytesIO(data), clip=True).tracks[0]:
        tick += message.time
        kind = message.type
        if kind == "note_on" and message.velocity:
            row = (tick, message.velocity, programs[message.channel])
            struck[message.channel, message.note].append(row)
        elif kind in ("note_on", "note_off") and struck[message.channel, message.note]:
            start, velocity, program = struck[message.channel, message.note].pop(0)
            found["note", start, message.channel, message.note, velocity, tick, program] += 1
        elif kind == "control_change":
            program = programs[message.channel]
            found["control", tick, message.channel, message.control, message.value, program] += 1
        elif kind == "pitchwheel":
            found["bend", tick, message.channel, message.pitch, programs[message.channel]] += 1
        elif kind == "program_change":
            programs[message.channel] = message.program
            found["program", tick, message.channel, message.program] += 1
        elif kind == "set_tempo":
            found["tempo", tick, message.tempo] += 1
        elif kind == "time_signature":
            found["meter", tick, message.numerator, message.denominator] += 1
        elif kind == "track_name":
            name = message.name
    for (channel, pitch), rows in struck.items():
        for start, velocity, program in rows:
            found["note", start, channel, pitch, velocity, tick, program] += 1
    found["end", tick] += 1
    found["name", name] += 1
    return found
