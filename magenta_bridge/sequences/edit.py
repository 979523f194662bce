"""Edits of whole sequences; each returns a new NoteSequence and does not change its input."""

from __future__ import annotations

from collections.abc import Iterable

from magenta_bridge.noteseq import NoteSequence
from magenta_bridge.sequences.meter import meter_at
from magenta_bridge.sequences.tempo_map import TempoMap


def adjust_sequence_times(sequence: NoteSequence, delta_time: float) -> NoteSequence:
    """Return a copy whose notes and end lie ``delta_time`` seconds later."""
    moved = NoteSequence()
    moved.CopyFrom(sequence)
    for note in moved.notes:
        note.start_time += delta_time
        note.end_time += delta_time
    moved.total_time += delta_time
    return moved


def with_notes(sequence: NoteSequence, notes: Iterable[NoteSequence.Note]) -> NoteSequence:
    """Return a copy with other notes."""
    copy = NoteSequence()
    copy.CopyFrom(sequence)
    del copy.notes[:]
    copy.notes.extend(notes)
    return copy


def notes_between(sequence: NoteSequence, start: float, end: float) -> NoteSequence:
    """Return a copy with the notes that begin from ``start`` on and before ``end``, in seconds.

    Those that sound longer end at ``end``; nothing is moved.
    """
    part = with_notes(sequence, (n for n in sequence.notes if start <= n.start_time < end))
    for note in part.notes:
        note.end_time = min(note.end_time, end)
    part.total_time = min(sequence.total_time, end)
    return part


# Marks apply until the next one of their kind; events happen once.
_MARKS = ("tempos", "time_signatures", "key_signatures")
_EVENTS = ("control_changes", "pitch_bends", "text_annotations")


def transpose(sequence: NoteSequence, semitones: int) -> NoteSequence:
    """Move all pitched notes and the key signatures by ``semitones``; drums stay.

    Notes that would leave 0..127 are left out, as in ``note_seq.transpose_note_sequence``;
    unlike there, the length stays.
    """
    moved = with_notes(sequence, ())
    for note in sequence.notes:
        pitch = note.pitch if note.is_drum else note.pitch + semitones
        if 0 <= pitch <= 127:
            moved.notes.add().CopyFrom(note)
            moved.notes[-1].pitch = pitch
            if not note.is_drum:
                moved.notes[-1].ClearField("pitch_name")
    del moved.key_signatures[:]
    for mark in sequence.key_signatures:
        key = (mark.key + semitones) % 12
        moved.key_signatures.add(time=mark.time, key=key, mode=mark.mode)
    return moved


def merge(first: NoteSequence, second: NoteSequence) -> NoteSequence:
    """Combine two sequences on one timeline.

    Tempos, time and key signatures are ``first``'s; those of ``second`` are taken only where
    ``first`` has none at all.
    """
    both = NoteSequence()
    both.CopyFrom(first)
    both.notes.extend(second.notes)
    both.control_changes.extend(second.control_changes)
    both.pitch_bends.extend(second.pitch_bends)
    for name in _MARKS:
        if not getattr(both, name):
            getattr(both, name).extend(getattr(second, name))
    both.total_time = max(first.total_time, second.total_time)
    return both


def cut(sequence: NoteSequence, start: float, end: float) -> NoteSequence:
    """Return the music between two times, moved so that ``start`` becomes 0.

    Notes that sound across a border are shortened to it. The tempo, time signature and key
    that apply at ``start`` are written at 0.

    Args:
        sequence: Any NoteSequence.
        start: First second that is kept.
        end: First second that is left out again.
    """
    part = NoteSequence(ticks_per_quarter=sequence.ticks_per_quarter)
    part.instrument_infos.extend(sequence.instrument_infos)
    for note in sequence.notes:
        begins = max(note.start_time, start)
        # A note without length sounds where it begins.
        if begins < end and (note.end_time > start or note.start_time >= start):
            kept = part.notes.add()
            kept.CopyFrom(note)
            kept.start_time = begins - start
            kept.end_time = min(note.end_time, end) - start
    _write_context(part, sequence, start)
    for name in _MARKS + _EVENTS:
        for event in getattr(sequence, name):
            # The mark that applies at the start has been written already.
            if start < event.time < end or (event.time == start < end and name in _EVENTS):
                moved = getattr(part, name).add()
                moved.CopyFrom(event)
                moved.time = event.time - start
    part.total_time = max(end - start, 0.0)
    return part


def _write_context(part: NoteSequence, source: NoteSequence, start: float) -> None:
    """Write what applies at ``start`` of ``source`` as the first marks of ``part``."""
    meter = meter_at(source, start)
    part.tempos.add(time=0.0, qpm=TempoMap(source).qpm_at(start))
    part.time_signatures.add(time=0.0, numerator=meter.numerator, denominator=meter.denominator)
    keys = [mark for mark in source.key_signatures if mark.time <= start]
    if keys:
        latest = max(keys, key=lambda mark: mark.time)
        part.key_signatures.add(time=0.0, key=latest.key, mode=latest.mode)
