"""Scan a MIDI file: its header and its chunks, with every stated length checked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NoReturn

from magenta_bridge.errors import FileFormatError
from magenta_bridge.formats.midi.track_scanner import DamagedTrackError, Track, scan_track
from magenta_bridge.limits import (
    MIDI_FILE_BYTES,
    MIDI_TEMPO_CHANGES,
    MIDI_TICK,
    MIDI_TRACKS,
    SEQUENCE_NOTES,
    check_limit,
)

_HEADER_BYTES: Final = 14
_CHUNK_HEAD_BYTES: Final = 8
_SEPARATE_PATTERNS: Final = 2
_RIFF_HEAD_BYTES: Final = 12


@dataclass(frozen=True)
class MidiFile:
    """A scanned file.

    Attributes:
        ticks_per_quarter: Ticks in a quarter note, 1 to 32767.
        tracks: The tracks, in the file's order.
    """

    ticks_per_quarter: int
    tracks: list[Track]


def scan_file(data: bytes, name: str, warnings: list[str]) -> MidiFile:
    """Return the tracks of a MIDI file of acceptable size.

    Args:
        data: The whole file.
        name: What the bytes are called in error messages, e.g. a file name.
        warnings: Takes a sentence for each fault that was repaired.

    Raises:
        FileFormatError: These are not MIDI bytes, they are damaged, or they use SMPTE time or
            several patterns (format 2).
        LimitExceededError: Size, tracks, length, notes or tempo changes are beyond ``limits``.
    """
    check_limit(MIDI_FILE_BYTES, len(data), where=name)
    if data[:4] == b"RIFF" and data[8:12] == b"RMID":
        data = _riff_content(data)
        warnings.append("The file is a RIFF container (RMID); the MIDI data in it is read.")
    ticks_per_quarter, count, start = _read_header(data, name)
    tracks: list[Track] = []
    notes = 0
    for number in range(1, count + 1):
        where = f"track {number} of {count}"
        start, end = _find_track(data, start, where, name)
        track = _scan(data, start, end, where, name, is_last=number == count)
        warnings += [f"T{where[1:]} {warning}." for warning in track.warnings]
        check_limit(MIDI_TICK, track.end_ticks, where=name)
        tracks.append(track)
        notes += sum(map(len, track.notes.values()))
        check_limit(SEQUENCE_NOTES, notes, where=name)
        start = end
    if data[start : start + 4] == b"MTrk":
        warnings.append(f"The tracks after the {count} that the header states are left out.")
    check_limit(MIDI_TEMPO_CHANGES, sum(len(track.tempos) for track in tracks), where=name)
    return MidiFile(ticks_per_quarter, tracks)


def _riff_content(data: bytes) -> bytes:
    """Return the ``data`` chunk of a RIFF file; empty where there is none."""
    at = _RIFF_HEAD_BYTES
    while at + _CHUNK_HEAD_BYTES <= len(data):
        body = at + _CHUNK_HEAD_BYTES
        end = body + int.from_bytes(data[at + 4 : body], "little")
        if data[at : at + 4] == b"data":
            return data[body:end]
        at = end + end % 2
    return b""


def _read_header(data: bytes, name: str) -> tuple[int, int, int]:
    """Return ticks per quarter, the number of tracks, and where the header ends."""
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
            f"{name} has {track_count} separate patterns (MIDI format 2); "
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


def _find_track(data: bytes, start: int, where: str, name: str) -> tuple[int, int]:
    """Return where the next MTrk chunk begins and ends, as stated; skip other chunks."""
    while start + _CHUNK_HEAD_BYTES <= len(data):
        body = start + _CHUNK_HEAD_BYTES
        end = body + int.from_bytes(data[start + 4 : body], "big")
        if data[start : start + 4] == b"MTrk":
            return body, end
        start = end
    return _refuse(name, f"{where} is missing")


def _scan(data: bytes, start: int, end: int, where: str, name: str, *, is_last: bool) -> Track:
    """Scan a track; the last one may end elsewhere than its stated length says."""
    track, problem = _try_scan(data[start:end])
    wrong = end > len(data)
    if problem and is_last and not wrong:
        longer, longer_problem = _try_scan(data[start:])
        if not longer_problem:
            track, problem, wrong = longer, "", True
    if wrong and (problem or not is_last):
        _refuse(name, f"{where} is cut off at the file's end")
    if track is None:
        _refuse(name, f"{where} {problem}")
    if wrong:
        problem = "states a wrong length"
    if problem:
        track.warnings.append(problem)
    return track


def _try_scan(body: bytes) -> tuple[Track | None, str]:
    """Return the track, unless it is damaged, and what is wrong with its end."""
    try:
        track = scan_track(body)
    except DamagedTrackError as error:
        return None, str(error)
    return track, "" if track.ended else "has no end-of-track event"


def _refuse(name: str, problem: str) -> NoReturn:
    raise FileFormatError(
        f"{name} is a damaged MIDI file: {problem}. Get a complete copy, "
        "or export it again from the program that made it."
    )
