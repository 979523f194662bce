"""Scan one MIDI track into notes, controllers, settings and a name, in ticks."""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass, field
from typing import Final, NoReturn, TypeVar

_META: Final = 0xFF
_SYSEX: Final = (0xF0, 0xF7)
_TRACK_NAME: Final = 0x03
_PORT: Final = 0x21
_END_OF_TRACK: Final = 0x2F
_TEMPO: Final = 0x51
_METER: Final = 0x58
_KEY: Final = 0x59
# Name, bytes that the standard states, and bytes without which the event is left out.
_FIXED_META: Final = {
    _END_OF_TRACK: ("an end-of-track event", 0, 0),
    _TEMPO: ("a tempo event", 3, 3),
    _METER: ("a time signature event", 4, 2),
    _KEY: ("a key signature event", 2, 2),
}
_LONGEST_NUMBER: Final = 4
_LARGEST_DATA: Final = 0x7F

NO_PROGRAM: Final = -1

_Row = TypeVar("_Row")
# Channel and program.
Voice = tuple[int, int]
Groups = dict[Voice, list[_Row]]


def _groups() -> Groups[_Row]:
    return defaultdict(list)


class DamagedTrackError(ValueError):
    """The events of a track make no sense; the message ends the sentence "track 3 ..."."""


@dataclass
class Track:
    """What a track holds, in ticks from the start of the file.

    Channel events are grouped by channel and program. The program is ``NO_PROGRAM`` where the
    track has set none on the channel before the event.

    Attributes:
        notes: Start, pitch, end, velocity.
        controls: Tick, number, value.
        bends: Tick, value from -8192 to 8191.
        programs: Tick, channel, program.
        tempos: Tick, microseconds per quarter note.
        meters: Tick, numerator, denominator.
        keys: Tick, sharps (negative for flats), 1 for minor or 0.
        name: The bytes of the track's name.
        port: The number of the MIDI port that the track states.
        plays: Whether the track has channel events.
        end_ticks: Tick of the end-of-track event; of the last event where there is none.
        ended: Whether there is an end-of-track event.
        size: Bytes up to the end of that event.
        warnings: Faults that were repaired; each ends the sentence "track 3 ...".
    """

    notes: Groups[tuple[int, int, int, int]] = field(default_factory=_groups)
    controls: Groups[tuple[int, int, int]] = field(default_factory=_groups)
    bends: Groups[tuple[int, int]] = field(default_factory=_groups)
    programs: list[tuple[int, int, int]] = field(default_factory=list)
    tempos: list[tuple[int, int]] = field(default_factory=list)
    meters: list[tuple[int, int, int]] = field(default_factory=list)
    keys: list[tuple[int, int, int]] = field(default_factory=list)
    name: bytes = b""
    port: int = 0
    plays: bool = False
    end_ticks: int = 0
    ended: bool = False
    size: int = 0
    warnings: list[str] = field(default_factory=list)


def scan_track(body: bytes) -> Track:  # noqa: PLR0912 - one branch per kind of event, no calls
    """Return the music in the body of an MTrk chunk, up to its end-of-track event.

    Of overlapping notes of one pitch on a channel, the first to start is the first to end.
    Notes without a release end with the track. Data bytes above 127 count as 127.

    Raises:
        DamagedTrackError: The events are damaged, or the last one is incomplete.
    """
    track = Track()
    voices = [(channel, NO_PROGRAM) for channel in range(16)]
    sounding: dict[int, deque[tuple[int, int, Voice]]] = defaultdict(deque)
    at = tick = status = second = clamped = 0
    try:
        while at < len(body) and not track.ended:
            delta = body[at]
            at += 1
            if delta >= 0x80:
                delta, at = _number(body, at - 1)
            tick += delta
            byte = body[at]
            if byte >= 0xF0:
                at = _scan_special(body, at, tick, track)
                continue
            if byte >= 0x80:
                status = byte
                at += 1
            elif status == 0:
                _damaged(at)
            kind, channel = status & 0xF0, status & 0x0F
            first = body[at]
            at += 1
            if kind not in (0xC0, 0xD0):
                second = body[at]
                at += 1
            if (first | second) > _LARGEST_DATA:
                clamped += (first > _LARGEST_DATA) + (second > _LARGEST_DATA)
                first, second = min(first, _LARGEST_DATA), min(second, _LARGEST_DATA)
            if kind == 0x90 and second:
                sounding[channel << 7 | first].append((tick, second, voices[channel]))
            elif kind <= 0x90:
                struck = sounding.get(channel << 7 | first)
                if struck:
                    start, velocity, voice = struck.popleft()
                    track.notes[voice].append((start, first, tick, velocity))
            elif kind == 0xB0:
                track.controls[voices[channel]].append((tick, first, second))
            elif kind == 0xE0:
                track.bends[voices[channel]].append((tick, (second << 7 | first) - 0x2000))
            elif kind == 0xC0:
                voices[channel] = channel, first
                track.programs.append((tick, channel, first))
    except IndexError:
        raise DamagedTrackError("breaks off before its end") from None
    track.plays, track.size, track.end_ticks = status != 0, at, tick
    _end_held_notes(track, sounding)
    if clamped:
        track.warnings.append(f"has {clamped} data bytes above 127; each counts as 127")
    return track


def _end_held_notes(track: Track, sounding: dict[int, deque[tuple[int, int, Voice]]]) -> None:
    held = 0
    for key, struck in sounding.items():
        held += len(struck)
        for start, velocity, voice in struck:
            track.notes[voice].append((start, key & 0x7F, track.end_ticks, velocity))
    if held:
        track.warnings.append(f"never releases {held} of its notes; they end with the track")


def _scan_special(body: bytes, at: int, tick: int, track: Track) -> int:
    """Read the meta or system exclusive event at ``at``; return where it ends."""
    start, kind = at, -1
    if body[at] == _META:
        at += 1
        kind = body[at]
    elif body[at] not in _SYSEX:
        _damaged(start)
    length, at = _number(body, at + 1)
    end = at + length
    if end > len(body):
        raise DamagedTrackError("breaks off before its end")
    if kind == _TRACK_NAME:
        track.name = body[at:end]
    elif kind == _PORT and length:
        track.port = body[at]
    elif kind in _FIXED_META:
        _scan_setting(kind, tick, body[at:end], track)
    return end


def _scan_setting(kind: int, tick: int, data: bytes, track: Track) -> None:
    """Keep a tempo, time signature, key signature or end of track, unless it is too short."""
    name, stated, needed = _FIXED_META[kind]
    fault = "" if len(data) == stated else f"of {len(data)} bytes instead of {stated}"
    is_empty = len(data) < needed
    if kind == _TEMPO and not is_empty and not any(data[:3]):
        fault, is_empty = "at which no time passes", True
    if fault:
        track.warnings.append(f"has {name} {fault}{'; it is left out' if is_empty else ''}")
    if is_empty:
        return
    if kind == _END_OF_TRACK:
        track.ended = True
    elif kind == _TEMPO:
        track.tempos.append((tick, int.from_bytes(data[:3], "big")))
    elif kind == _METER:
        track.meters.append((tick, data[0], 1 << min(data[1], 31)))
    else:
        track.keys.append((tick, data[0] - (data[0] >> 7 << 8), data[1]))


def _number(body: bytes, at: int) -> tuple[int, int]:
    """Read a number of one to four bytes; return it and where it ends."""
    value = 0
    for position in range(at, at + _LONGEST_NUMBER):
        byte = body[position]
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, position + 1
    return _damaged(at)


def _damaged(at: int) -> NoReturn:
    raise DamagedTrackError(f"has a byte that is not a MIDI event, {at} bytes into the track")
