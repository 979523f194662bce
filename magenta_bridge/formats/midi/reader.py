"""From MIDI bytes to a NoteSequence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from magenta_bridge.errors import FileFormatError
from magenta_bridge.formats.midi.normalize import tidy_midi_bytes
from magenta_bridge.formats.midi.tempo import DEFAULT_QPM, MICROSECONDS_PER_MINUTE, TickClock
from magenta_bridge.formats.midi.validate import MidiOutline, check_midi_bytes
from magenta_bridge.limits import SEQUENCE_NOTES, SEQUENCE_SECONDS, check_limit
from magenta_bridge.noteseq import NoteSequence
from magenta_bridge.sequences.validate import DENOMINATORS

if TYPE_CHECKING:
    from symusic.core import ScoreTick, TrackTick

_SHARPS_TO_SEMITONES: Final = 7
_MINOR_TONIC: Final = 9


def midi_to_note_sequence(data: bytes, *, name: str = "MIDI data") -> NoteSequence:
    """Reads MIDI bytes.

    Instruments are numbered from 0 in the order of the file's tracks; each track, channel and
    program makes one. Where notes of one pitch overlap on a channel, the first to start is
    the first to end. Tempos and signatures count in whatever track they stand. A file without
    a tempo plays at 120 qpm, and the sequence says so.

    Left out are notes that are never released, signatures that MIDI does not define (a meter
    of 0/4), repeats of a tempo or signature on one tick, controllers of a channel whose notes
    are never released, and what a NoteSequence has no place for: text, lyrics, system
    exclusive, aftertouch.

    Args:
        data: The whole file.
        name: What the bytes are called in error messages, e.g. a file name.

    Returns:
        The music in seconds, each the exact time of its tick. ``total_time`` is the end of
        the last note, or of the file's first track where that holds no music and is longer.

    Raises:
        FileFormatError: These are not MIDI bytes, they are damaged, or they use SMPTE time.
        LimitExceededError: The file is larger than ``limits`` allows.
    """
    outline = check_midi_bytes(data, name)
    score = _parse(tidy_midi_bytes(outline), name)
    check_limit(SEQUENCE_NOTES, score.note_num() - outline.lone_channel_count, where=name)
    clock = TickClock(score.ticks_per_quarter, [(t.time, t.mspq) for t in score.tempos])
    check_limit(SEQUENCE_SECONDS, float(clock.seconds(outline.end_ticks)), where=name)
    sequence = NoteSequence(ticks_per_quarter=score.ticks_per_quarter)
    sequence.source_info.encoding_type = NoteSequence.SourceInfo.MIDI
    _add_tempos(sequence, score, clock)
    _add_signatures(sequence, score, clock)
    for instrument, track in enumerate(score.tracks):
        voice = {"instrument": instrument, "program": track.program, "is_drum": track.is_drum}
        _add_notes(sequence, track, voice, clock, outline.end_ticks)
        _add_controls(sequence, track, voice, clock)
    _set_total_time(sequence, outline, clock)
    return sequence


def _parse(data: bytes, name: str) -> ScoreTick:
    from symusic.core import ScoreTick

    try:
        return ScoreTick.from_midi(data)
    except RuntimeError as error:
        raise FileFormatError(
            f"{name} is a damaged MIDI file: {error}. Export it again from where it came."
        ) from error


def _add_tempos(sequence: NoteSequence, score: ScoreTick, clock: TickClock) -> None:
    # Some programs write the same tempo, meter and key into every track; once is enough.
    rows = list(dict.fromkeys((tempo.time, tempo.mspq) for tempo in score.tempos))
    if not rows or rows[0][0] > 0:
        sequence.tempos.add(time=0.0, qpm=DEFAULT_QPM)
    times = clock.seconds([row[0] for row in rows]).tolist()
    for time, (_, microseconds) in zip(times, rows, strict=True):
        sequence.tempos.add(time=time, qpm=MICROSECONDS_PER_MINUTE / microseconds)


def _add_signatures(sequence: NoteSequence, score: ScoreTick, clock: TickClock) -> None:
    meters = dict.fromkeys((m.time, m.numerator, m.denominator) for m in score.time_signatures)
    for tick, numerator, denominator in meters:
        if numerator > 0 and denominator in DENOMINATORS:
            time = float(clock.seconds(tick))
            sequence.time_signatures.add(time=time, numerator=numerator, denominator=denominator)
    keys = dict.fromkeys((key.time, key.key, key.tonality) for key in score.key_signatures)
    for tick, sharps, tonality in keys:
        if -7 <= sharps <= 7 and tonality in (0, 1):
            tonic = sharps * _SHARPS_TO_SEMITONES + tonality * _MINOR_TONIC
            mode = (NoteSequence.KeySignature.MAJOR, NoteSequence.KeySignature.MINOR)[tonality]
            sequence.key_signatures.add(time=float(clock.seconds(tick)), key=tonic % 12, mode=mode)


def _add_notes(
    sequence: NoteSequence,
    track: TrackTick,
    voice: dict[str, int],
    clock: TickClock,
    end_ticks: int,
) -> None:
    """Adds a track's name and notes; what starts behind the file's end is a keeper note."""
    if track.name:
        sequence.instrument_infos.add(instrument=voice["instrument"], name=track.name)
    notes = sorted(
        (note.time, note.pitch, note.time + note.duration, note.velocity)
        for note in track.notes
        if note.time <= end_ticks
    )
    starts = clock.seconds([note[0] for note in notes]).tolist()
    ends = clock.seconds([note[2] for note in notes]).tolist()
    for (_, pitch, _, velocity), start, end in zip(notes, starts, ends, strict=True):
        sequence.notes.add(pitch=pitch, velocity=velocity, start_time=start, end_time=end, **voice)


def _add_controls(
    sequence: NoteSequence, track: TrackTick, voice: dict[str, int], clock: TickClock
) -> None:
    times = clock.seconds([bend.time for bend in track.pitch_bends]).tolist()
    for time, bend in zip(times, track.pitch_bends, strict=True):
        sequence.pitch_bends.add(time=time, bend=bend.value, **voice)
    times = clock.seconds([control.time for control in track.controls]).tolist()
    for time, control in zip(times, track.controls, strict=True):
        sequence.control_changes.add(
            time=time, control_number=control.number, control_value=control.value, **voice
        )


def _set_total_time(sequence: NoteSequence, outline: MidiOutline, clock: TickClock) -> None:
    last_end = max((note.end_time for note in sequence.notes), default=0.0)
    written_end = float(clock.seconds(outline.tempo_track_end_ticks))
    sequence.total_time = max(last_end, written_end)
