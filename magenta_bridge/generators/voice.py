"""Who plays the new notes: the instrument, the sound and the loudness of the primer."""

from __future__ import annotations

from typing import Final

from magenta_bridge.generators.arguments import Argument, ArgumentType
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
