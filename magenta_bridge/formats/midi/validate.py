"""Looks a MIDI file over, event by event, before a library sees it.

A parser written in C++ believes what a file says of itself: it would count 65,535 tracks, or
take a tempo from bytes beyond its event. What passes here is tidy: every chunk lies in the
file, every event in its chunk, every number in its range, and each track has its end.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NoReturn

from magenta_bridge.errors import FileFormatError
from magenta_bridge.formats.midi.track_scanner import DamagedTrackError, TrackOutline, walk_track
from magenta_bridge.limits import (
    MIDI_FILE_BYTES,
    MIDI_TEMPO_CHANGES,
    MIDI_TICK,
    MIDI_TRACKS,
    check_limit,
)

_HEADER_BYTES: Final = 14
_CHUNK_HEAD_BYTES: Final = 8
_SEPARATE_PATTERNS: Final = 2


@dataclass(frozen=True)
class MidiOutline:
    """What the guard learned on its way through the file.

    Attributes:
        ticks_per_quarter: Ticks in a quarter note, 1 to 32767.
        tracks: The tracks, in the file's order.
    """

    ticks_per_quarter: int
    tracks: tuple[TrackOutline, ...]

    @property
    def end_ticks(self) -> int:
        """Where the longest track ends."""
        return max((track.end_ticks for track in self.tracks), default=0)

    @property
    def lone_channel_count(self) -> int:
        """How many channels of tracks have controllers or pitch bends but no notes."""
        return sum(len(track.lone_channels) for track in self.tracks)

    @property
    def tempo_track_end_ticks(self) -> int:
        """Where the first track ends; 0 where that track also plays."""
        return self.tracks[0].end_ticks if self.tracks and not self.tracks[0].plays else 0


def check_midi_bytes(data: bytes, name: str) -> MidiOutline:
    """Refuses whatever is not a sound MIDI file of acceptable size.

    Args:
        data: The whole file.
        name: What the bytes are called in error messages, e.g. a file name.

    Returns:
        The file's outline.

    Raises:
        FileFormatError: These are not MIDI bytes, they are damaged, or they use a feature
            that we refuse: SMPTE time, or format 2 with several patterns.
        LimitExceededError: Size, tracks, length or tempo changes are beyond ``limits``.
    """
    check_limit(MIDI_FILE_BYTES, len(data), where=name)
    ticks_per_quarter, track_count, start = _read_header(data, name)
    tracks = []
    for index in range(track_count):
        start, end = _find_track(data, start, index, track_count, name)
        try:
            track = walk_track(data[start:end])
        except DamagedTrackError as error:
            _refuse(name, f"track {index + 1} of {track_count} {error}")
        check_limit(MIDI_TICK, track.end_ticks, where=name)
        tracks.append(track)
        start = end
    check_limit(MIDI_TEMPO_CHANGES, sum(track.tempo_changes for track in tracks), where=name)
    return MidiOutline(ticks_per_quarter, tuple(tracks))


def _read_header(data: bytes, name: str) -> tuple[int, int, int]:
    """Returns ticks per quarter, the number of tracks, and where the header ends."""
    if data[:4] != b"MThd":
        raise FileFormatError(
            f"{name} is not a MIDI file: it does not begin with MThd. Give a .mid file."
        )
    length = int.from_bytes(data[4:8], "big")
    if length < _HEADER_BYTES - _CHUNK_HEAD_BYTES or _CHUNK_HEAD_BYTES + length > len(data):
        _refuse(name, "its header is cut off or states a wrong length")
    midi_format, track_count, division = (
        int.from_bytes(data[at : at + 2], "big") for at in (8, 10, 12)
    )
    if midi_format > _SEPARATE_PATTERNS:
        _refuse(name, f"it states format {midi_format}, and there are only 0, 1 and 2")
    if midi_format == _SEPARATE_PATTERNS and track_count > 1:
        raise FileFormatError(
            f"{name} holds {track_count} separate patterns (MIDI format 2); "
            "export it as format 0 or 1."
        )
    if division >= 0x8000:
        raise FileFormatError(
            f"{name} counts film frames (SMPTE time) and not beats; "
            "export it with ticks per quarter note."
        )
    if division == 0:
        _refuse(name, "it states zero ticks per quarter note")
    check_limit(MIDI_TRACKS, track_count, where=name)
    return division, track_count, _CHUNK_HEAD_BYTES + length


def _find_track(
    data: bytes, start: int, index: int, track_count: int, name: str
) -> tuple[int, int]:
    """Returns where the next MTrk chunk's events begin and end; passes by other chunks."""
    while start + _CHUNK_HEAD_BYTES <= len(data):
        kind = data[start : start + 4]
        body = start + _CHUNK_HEAD_BYTES
        end = body + int.from_bytes(data[start + 4 : body], "big")
        if end > len(data):
            _refuse(name, f"track {index + 1} of {track_count} is cut off at the file's end")
        if kind == b"MTrk":
            return body, end
        start = end
    return _refuse(name, f"track {index + 1} of {track_count} is missing")


def _refuse(name: str, problem: str) -> NoReturn:
    raise FileFormatError(
        f"{name} is a damaged MIDI file: {problem}. Export it again from where it came."
    )
