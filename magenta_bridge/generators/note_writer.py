"""Writes many notes of one voice at once, several times as fast as one after another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from magenta_bridge.encodings.meters import STEPS_PER_QUARTER
from magenta_bridge.generators.arguments import Argument, ArgumentType
from magenta_bridge.generators.primer import Section
from magenta_bridge.noteseq import NoteSequence

_PLAIN_VELOCITY: Final = 90
PRIMERS_PROGRAM: Final = -1
PROGRAM: Final = Argument(
    "program", ArgumentType.INT, PRIMERS_PROGRAM,
    "Sound of the notes as a MIDI program; -1 for that of the primer.", PRIMERS_PROGRAM, 127,
)  # fmt: skip


def voice_of(music: NoteSequence, program: int = PRIMERS_PROGRAM) -> NoteSequence.Note:
    """Returns a note without pitch or time that sounds like the primer's.

    Args:
        music: The primer; its latest pitched note plays on, as loud as all are on average.
        program: MIDI program, 0..127; -1 for the primer's.
    """
    pitched = [note for note in music.notes if not note.is_drum]
    voice = NoteSequence.Note(velocity=_PLAIN_VELOCITY)
    if pitched:
        latest = max(pitched, key=lambda note: note.start_time)
        voice.instrument, voice.program = latest.instrument, latest.program
        voice.velocity = round(sum(note.velocity for note in pitched) / len(pitched))
    if program != PRIMERS_PROGRAM:
        voice.program = program
    return voice


def clock_of(music: NoteSequence, section: Section) -> NoteSequence:
    """Returns the primer's clock and signatures, which the new notes are to be read with."""
    first = NoteSequence(ticks_per_quarter=music.ticks_per_quarter)
    first.tempos.extend(music.tempos)
    first.time_signatures.extend(music.time_signatures)
    first.key_signatures.extend(music.key_signatures)
    if not first.tempos:
        first.tempos.add(time=0.0, qpm=section.tempo.qpm_at(0.0))
    if not first.time_signatures:
        first.time_signatures.add(time=0.0, numerator=4, denominator=4)
    return first


def step_seconds(section: Section) -> list[float]:
    """Returns where each sixteenth of a section begins, in seconds, and where the last one ends."""
    steps = np.arange(section.steps + 1) / STEPS_PER_QUARTER
    times = section.tempo.seconds(section.origin_quarters + steps)
    seconds: list[float] = np.clip(times, section.start, section.end).tolist()
    # Seconds to quarters and back may be off by the last bit.
    seconds[0] = section.start
    return seconds


# Kinds of field in Protocol Buffers' encoding, which stand in a field's tag behind its number.
_VARINT, _DOUBLE, _MESSAGE = 0, 1, 2


class NoteStamp:
    """Writes notes that differ in pitch and times alone.

    Each is written in Protocol Buffers' encoding, where all of them have the same length, so
    that NumPy fills in what differs, and the sequence reads them in one call.

    Args:
        voice: What all notes share, without pitch and times.
    """

    def __init__(self, voice: NoteSequence.Note) -> None:
        shared = voice.SerializeToString()
        row = np.dtype(
            [
                ("tag", "u1"), ("length", "u1"), ("pitch_tag", "u1"), ("pitch", "u1"),
                ("start_tag", "u1"), ("start", "<f8"), ("end_tag", "u1"), ("end", "<f8"),
                ("shared", "u1", (len(shared),)),
            ]
        )  # fmt: skip
        self._blank = np.zeros(1, dtype=row)
        self._blank["tag"] = _TAG
        self._blank["length"] = row.itemsize - 2
        self._blank["pitch_tag"] = _tag("pitch", _VARINT)
        self._blank["start_tag"] = _tag("start_time", _DOUBLE)
        self._blank["end_tag"] = _tag("end_time", _DOUBLE)
        self._blank["shared"] = np.frombuffer(shared, dtype=np.uint8)

    def write(
        self,
        sequence: NoteSequence,
        pitches: Sequence[int],
        starts: Sequence[float],
        ends: Sequence[float],
    ) -> None:
        """Adds notes to a sequence, behind those that are there.

        Args:
            sequence: The sequence.
            pitches: MIDI pitch of each note, 0..127.
            starts: Where each begins, in seconds.
            ends: Where each ends, in seconds.
        """
        rows = np.repeat(self._blank, len(pitches))
        rows["pitch"], rows["start"], rows["end"] = pitches, starts, ends
        sequence.MergeFromString(rows.tobytes())


def _tag(field: str, kind: int) -> int:
    number: int = NoteSequence.Note.DESCRIPTOR.fields_by_name[field].number
    return number << 3 | kind


_TAG: Final = NoteSequence.DESCRIPTOR.fields_by_name["notes"].number << 3 | _MESSAGE
