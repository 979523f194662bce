"""One walk through the events of a MIDI track, keeping only what the guard must know."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NoReturn

_META: Final = 0xFF
_SYSEX: Final = (0xF0, 0xF7)
_END_OF_TRACK: Final = 0x2F
_TEMPO: Final = 0x51
# Meta events whose data a parser reads without asking how long they are.
_SHORTEST_META: Final = {_TEMPO: 3, 0x54: 5, 0x58: 4, 0x59: 2}
_ONE_DATA_BYTE: Final = range(0xC0, 0xE0)
_LONGEST_NUMBER: Final = 4


class DamagedTrackError(ValueError):
    """The events of a track make no sense; the message ends the sentence "track 3 ..."."""


@dataclass(frozen=True)
class TrackOutline:
    """What one walk through a track finds out.

    Attributes:
        events: The track's events as they stand in the file, without the end-of-track event.
        end_delta: The time of the end-of-track event after the one before it, in ticks.
        end_ticks: The time of the end-of-track event, in ticks.
        tempo_changes: The number of tempo events.
        plays: Whether there is any channel event.
        lone_channels: Channels, 0 to 15, with controllers or pitch bends but no note.
    """

    events: bytes
    end_delta: int
    end_ticks: int
    tempo_changes: int
    plays: bool
    lone_channels: tuple[int, ...]


def walk_track(body: bytes) -> TrackOutline:
    """Walks through the body of one MTrk chunk up to its end-of-track event.

    Raises:
        DamagedTrackError: The events are damaged, or there is no end-of-track event.
    """
    seen = bytearray(256)
    at = tick = status = tempo_changes = 0
    try:
        while True:
            before = at
            delta = body[at]
            at += 1
            if delta >= 0x80:
                delta, at = _number(body, before)
            tick += delta
            byte = body[at]
            if byte >= 0xF0:
                at, kind = _pass_special(body, at)
                if kind == _END_OF_TRACK:
                    break
                tempo_changes += kind == _TEMPO
                continue
            if byte >= 0x80:
                status = byte
                seen[status] = 1
                at += 1
            if status in _ONE_DATA_BYTE:
                if body[at] >= 0x80:
                    _damaged(at)
                at += 1
            else:
                if body[at] >= 0x80 or body[at + 1] >= 0x80 or status == 0:
                    _damaged(at)
                at += 2
    except IndexError:
        raise DamagedTrackError("breaks off before its end") from None
    return TrackOutline(
        events=body[:before],
        end_delta=delta,
        end_ticks=tick,
        tempo_changes=tempo_changes,
        plays=any(seen),
        lone_channels=_lone_channels(seen),
    )


def _lone_channels(seen: bytearray) -> tuple[int, ...]:
    return tuple(c for c in range(16) if (seen[0xB0 | c] or seen[0xE0 | c]) and not seen[0x90 | c])


def _pass_special(body: bytes, at: int) -> tuple[int, int]:
    """Returns where the meta or system exclusive event at ``at`` ends, and a meta's kind."""
    start = at
    kind = -1
    if body[at] == _META:
        at += 1
        kind = body[at]
    elif body[at] not in _SYSEX:
        _damaged(start)
    length, at = _number(body, at + 1)
    if at + length > len(body):
        raise DamagedTrackError("breaks off before its end")
    if length < _SHORTEST_META.get(kind, 0) or (kind == _END_OF_TRACK and length > 0):
        _damaged(start)
    if kind == _TEMPO and not any(body[at : at + 3]):
        raise DamagedTrackError("holds a tempo at which no time passes")
    return at + length, kind


def _number(body: bytes, at: int) -> tuple[int, int]:
    """Reads a number of one to four bytes; returns it and where it ends."""
    value = 0
    for position in range(at, at + _LONGEST_NUMBER):
        byte = body[position]
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, position + 1
    return _damaged(at)


def _damaged(at: int) -> NoReturn:
    raise DamagedTrackError(f"holds a byte that is no MIDI event, {at} bytes into the track")
