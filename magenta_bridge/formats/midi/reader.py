"""Read MIDI bytes into a NoteSequence."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, TypeVar

from magenta_bridge.formats.midi.file_scanner import MidiFile, scan_file
from magenta_bridge.formats.midi.tempo import DEFAULT_QPM, MICROSECONDS_PER_MINUTE, TickClock
from magenta_bridge.formats.midi.text import decode_names, note_charset
from magenta_bridge.formats.midi.track_scanner import NO_PROGRAM, Track, Voice
from magenta_bridge.limits import SEQUENCE_SECONDS, check_limit
from magenta_bridge.noteseq import NoteSequence
from magenta_bridge.sequences.validate import DENOMINATORS

_DRUM_CHANNEL: Final = 9
_SHARPS_TO_SEMITONES: Final = 7
_MINOR_TONIC: Final = 9

_Row = TypeVar("_Row", bound=tuple[int, ...])
# By port and channel: tick, track and program.
_Changes = dict[tuple[int, int], list[tuple[int, int, int]]]


def midi_to_note_sequence(
    data: bytes, *, name: str = "MIDI data", warnings: list[str] | None = None
) -> NoteSequence:
    """Read MIDI bytes.

    Instruments are numbered from 0 in the order of the file's tracks; each track, channel and
    program makes one. A track that sets no program on a channel plays by the program changes
    of the other tracks, first of all of those without notes on it. Where notes of one pitch
    overlap on a channel, the first to start is the first to end; a note without a release ends
    with its track. Tempos and signatures count in whatever track they are. A file without a
    tempo plays at 120 qpm, and the sequence says so. The name of a first track without notes
    is the title.

    Left out are signatures that MIDI does not define (a meter of 0/4), repeats of a tempo or
    signature on one tick, and what a NoteSequence has no place for: lyrics, other text, system
    exclusive, aftertouch.

    Args:
        data: The whole file.
        name: What the bytes are called in error messages, e.g. a file name.
        warnings: Takes a sentence for each fault of the file that was repaired.

    Returns:
        The music in seconds, each the exact time of its tick. ``total_time`` is the end of the
        last note, or the end of the last track that has notes, whichever is later; in a file
        without notes, the end of the last track.

    Raises:
        FileFormatError: These are not MIDI bytes, they are damaged, or they use SMPTE time.
        LimitExceededError: The file is larger than ``limits`` allows.
    """
    found = [] if warnings is None else warnings
    file = scan_file(data, name, found)
    tempos = sorted((tempo for track in file.tracks for tempo in track.tempos), key=_tick)
    clock = TickClock(file.ticks_per_quarter, tempos)
    end_ticks = max((track.end_ticks for track in file.tracks), default=0)
    check_limit(SEQUENCE_SECONDS, float(clock.seconds(end_ticks)), where=name)
    sequence = NoteSequence(ticks_per_quarter=file.ticks_per_quarter)
    sequence.source_info.encoding_type = NoteSequence.SourceInfo.MIDI
    _add_tempos(sequence, tempos, clock)
    _add_signatures(sequence, file, clock, found)
    _add_instruments(sequence, file, clock)
    ends = [_end_of_track(track) for track in file.tracks if track.notes] or [end_ticks]
    sequence.total_time = float(clock.seconds(max(ends)))
    return sequence


def _tick(row: tuple[int, ...]) -> int:
    return row[0]


def _end_of_track(track: Track) -> int:
    """Return where a track with notes ends; after its music, only tempos and meters move that."""
    last_note = max(note[2] for notes in track.notes.values() for note in notes)
    settings = (row[0] for rows in (track.tempos, track.meters, track.keys) for row in rows)
    return last_note if max(settings, default=0) > last_note else track.end_ticks


def _add_tempos(sequence: NoteSequence, tempos: list[tuple[int, int]], clock: TickClock) -> None:
    # Some programs write the same tempo, meter and key into every track; once is enough.
    rows = list(dict.fromkeys(tempos))
    if not rows or rows[0][0] > 0:
        sequence.tempos.add(time=0.0, qpm=DEFAULT_QPM)
    times = clock.seconds([row[0] for row in rows]).tolist()
    for time, (_, microseconds) in zip(times, rows, strict=True):
        sequence.tempos.add(time=time, qpm=MICROSECONDS_PER_MINUTE / microseconds)


def _add_signatures(
    sequence: NoteSequence, file: MidiFile, clock: TickClock, warnings: list[str]
) -> None:
    meters = sorted((meter for track in file.tracks for meter in track.meters), key=_tick)
    for tick, numerator, denominator in dict.fromkeys(meters):
        if numerator > 0 and denominator in DENOMINATORS:
            time = float(clock.seconds(tick))
            sequence.time_signatures.add(time=time, numerator=numerator, denominator=denominator)
        else:
            warnings.append(f"The time signature {numerator}/{denominator} is left out.")
    keys = sorted((key for track in file.tracks for key in track.keys), key=_tick)
    for tick, sharps, minor in dict.fromkeys(keys):
        if -7 <= sharps <= 7 and minor in (0, 1):
            tonic = sharps * _SHARPS_TO_SEMITONES + minor * _MINOR_TONIC
            mode = (NoteSequence.KeySignature.MAJOR, NoteSequence.KeySignature.MINOR)[minor]
            sequence.key_signatures.add(time=float(clock.seconds(tick)), key=tonic % 12, mode=mode)
        else:
            warnings.append(f"The key signature of {sharps} sharps and mode {minor} is left out.")


class _Programs:
    """The program changes of all tracks, by port and channel, in order of time.

    Where tracks without notes on a channel set its program, the changes of tracks with
    notes are theirs alone.
    """

    def __init__(self, tracks: list[Track]) -> None:
        self._ports = [track.port for track in tracks]
        silent: _Changes = defaultdict(list)
        sounding: _Changes = defaultdict(list)
        for index, track in enumerate(tracks):
            channels = {channel for channel, _ in track.notes}
            for tick, channel, program in track.programs:
                table = sounding if channel in channels else silent
                table[track.port, channel].append((tick, index, program))
        self._changes = {**sounding, **silent}
        for rows in self._changes.values():
            rows.sort(key=_tick)

    def split(self, track: int, voice: Voice, rows: list[_Row]) -> Iterator[tuple[int, list[_Row]]]:
        """Yield rows of events by program: the track's own, or else the other tracks' latest."""
        channel, own = voice
        changes = self._changes.get((self._ports[track], channel), [])
        if own != NO_PROGRAM or not changes:
            yield max(own, 0), rows
            return
        parts: dict[int, list[_Row]] = defaultdict(list)
        latest: dict[int, int] = {}
        for row in rows:
            if row[0] not in latest:
                at = bisect_right(changes, row[0], key=_tick) - 1
                while at >= 0 and changes[at][1] == track:
                    at -= 1
                latest[row[0]] = changes[at][2] if at >= 0 else 0
            parts[latest[row[0]]].append(row)
        yield from parts.items()


@dataclass
class _Instrument:
    """The events of one channel and program of a track, in ticks."""

    notes: list[tuple[int, int, int, int]] = field(default_factory=list)
    controls: list[tuple[int, int, int]] = field(default_factory=list)
    bends: list[tuple[int, int]] = field(default_factory=list)


def _instruments(index: int, track: Track, programs: _Programs) -> dict[Voice, _Instrument]:
    """Return the instruments of a track.

    A controller belongs to the notes of its channel and program; without such notes, to the
    next notes of its channel, or the last; without any, it makes an instrument.
    """
    found: dict[Voice, _Instrument] = defaultdict(_Instrument)
    for voice, notes in track.notes.items():
        for program, part in programs.split(index, voice, notes):
            found[voice[0], program].notes.extend(part)
    strikes: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for (channel, program), instrument in found.items():
        strikes[channel] += [(note[0], program) for note in instrument.notes]
    for starts in strikes.values():
        starts.sort()
    last_programs = {channel: program for _, channel, program in track.programs}
    for kind in ("controls", "bends"):
        for voice, rows in getattr(track, kind).items():
            channel, own = voice
            known = voice if channel in strikes else (channel, last_programs.get(channel, own))
            for program, part in programs.split(index, known, rows):
                if channel not in strikes or (channel, program) in found:
                    getattr(found[channel, program], kind).extend(part)
                    continue
                ahead = strikes[channel]
                for row in part:
                    at = min(bisect_left(ahead, (row[0], 0)), len(ahead) - 1)
                    getattr(found[channel, ahead[at][1]], kind).append(row)
    return found


def _add_instruments(sequence: NoteSequence, file: MidiFile, clock: TickClock) -> None:
    names, charset = decode_names([track.name for track in file.tracks])
    note_charset(sequence, charset)
    if len(file.tracks) > 1 and names[0] and not file.tracks[0].plays:
        sequence.sequence_metadata.title = names[0]
    programs = _Programs(file.tracks)
    number = 0
    for index, track in enumerate(file.tracks):
        for (channel, program), instrument in sorted(_instruments(index, track, programs).items()):
            if names[index]:
                sequence.instrument_infos.add(instrument=number, name=names[index])
            voice = {"instrument": number, "program": program, "is_drum": channel == _DRUM_CHANNEL}
            _add_instrument(sequence, instrument, voice, clock)
            number += 1


def _add_instrument(
    sequence: NoteSequence, instrument: _Instrument, voice: dict[str, int], clock: TickClock
) -> None:
    notes = sorted(instrument.notes)
    controls, bends = sorted(instrument.controls, key=_tick), sorted(instrument.bends, key=_tick)
    starts = clock.seconds([note[0] for note in notes]).tolist()
    ends = clock.seconds([note[2] for note in notes]).tolist()
    for (_, pitch, _, velocity), start, end in zip(notes, starts, ends, strict=True):
        sequence.notes.add(pitch=pitch, velocity=velocity, start_time=start, end_time=end, **voice)
    times = clock.seconds([bend[0] for bend in bends]).tolist()
    for time, (_, value) in zip(times, bends, strict=True):
        sequence.pitch_bends.add(time=time, bend=value, **voice)
    times = clock.seconds([control[0] for control in controls]).tolist()
    for time, (_, control, value) in zip(times, controls, strict=True):
        sequence.control_changes.add(
            time=time, control_number=control, control_value=value, **voice
        )
