"""From a melody generator's ids to notes in seconds, handed out as soon as they are final."""

from __future__ import annotations

from typing import Final

from magenta_bridge.encodings import melody
from magenta_bridge.generators.primer import Section
from magenta_bridge.generators.timeline import clock_of, step_seconds
from magenta_bridge.generators.voice import PRIMERS_PROGRAM, voice_of
from magenta_bridge.noteseq import NoteSequence

_NOTHING: Final = melody.NO_EVENT + melody.EVENT_OFFSET
_SILENT: Final = -1  # where a sounding note has its first step


class MelodyOutput:
    """Collects ids and gives out notes.

    Args:
        music: The primer; tempo, meter, instrument and loudness are taken from it.
        section: What is being generated.
        shift: Semitones the ids lie above the music.
        program: MIDI program of the notes; -1 for the primer's.
    """

    def __init__(
        self,
        music: NoteSequence,
        section: Section,
        shift: int = 0,
        *,
        program: int = PRIMERS_PROGRAM,
    ) -> None:
        self._section = section
        self._shift = shift
        self._step = 0
        self._voice = voice_of(music, program)
        self._pitch, self._begun = 0, _SILENT
        self._ready = clock_of(music, section)
        self._times = step_seconds(section)

    def add(self, value: int) -> None:
        """Takes the next event id."""
        if value != _NOTHING:
            self._end_note()
            if value >= melody.EVENT_OFFSET:
                self._pitch = value - melody.EVENT_OFFSET - self._shift
                self._begun = self._step
        self._step += 1

    def take(self) -> NoteSequence:
        """Returns the notes that are final by now; ``total_time`` says up to where."""
        piece, self._ready = self._ready, NoteSequence()
        piece.total_time = self._times[self._step if self._begun == _SILENT else self._begun]
        return piece

    def finish(self) -> NoteSequence:
        """Ends what still sounds and returns the rest."""
        self._end_note()
        piece = self.take()
        piece.total_time = self._section.end
        return piece

    def _end_note(self) -> None:
        if self._begun != _SILENT:
            note = self._ready.notes.add()
            note.CopyFrom(self._voice)
            note.pitch = self._pitch
            note.start_time, note.end_time = self._times[self._begun], self._times[self._step]
            self._begun = _SILENT
