"""From a polyphony generator's ids to notes in seconds, handed out as soon as they are final."""

from __future__ import annotations

from collections.abc import Sequence

from magenta_bridge.encodings import polyphony
from magenta_bridge.generators.primer import Section
from magenta_bridge.generators.timeline import clock_of, step_seconds
from magenta_bridge.generators.voice import PRIMERS_PROGRAM, voice_of
from magenta_bridge.noteseq import NoteSequence


class PolyphonyOutput:
    """Collects ids and gives out notes, in order of beginning, then of pitch.

    A note waits for those that began before it and still sound.

    Args:
        music: The primer; tempo, meter, instrument and loudness are taken from it.
        section: What is being generated.
        program: MIDI program of the notes; -1 for the primer's.
    """

    def __init__(
        self, music: NoteSequence, section: Section, *, program: int = PRIMERS_PROGRAM
    ) -> None:
        self._section = section
        self._voice = voice_of(music, program)
        self._step = 0
        self._frame: set[int] = set()
        self._sounding: dict[int, NoteSequence.Note] = {}
        self._ended: list[NoteSequence.Note] = []
        self._clock = clock_of(music, section)
        self._times = step_seconds(section)

    def add(self, ids: Sequence[int]) -> None:
        """Takes the next event ids."""
        for value in ids:
            self._add(value)

    def _add(self, value: int) -> None:
        pitch = polyphony.pitch_of(value)
        if pitch is None:
            for silent in self._sounding.keys() - self._frame:
                self._end_note(silent)
            self._frame = set()
            self._step += 1
            return
        self._frame.add(pitch)
        if value < polyphony.HELD:
            self._end_note(pitch)
            begun = NoteSequence.Note()
            begun.CopyFrom(self._voice)
            begun.pitch, begun.start_time = pitch, self._times[self._step]
            self._sounding[pitch] = begun

    def take(self) -> NoteSequence:
        """Returns the notes that are final by now; ``total_time`` says up to where."""
        complete = min(
            (note.start_time for note in self._sounding.values()), default=self._times[self._step]
        )
        ready = [note for note in self._ended if note.start_time < complete]
        self._ended = [note for note in self._ended if note.start_time >= complete]
        piece, self._clock = self._clock, NoteSequence()
        piece.notes.extend(sorted(ready, key=lambda note: (note.start_time, note.pitch)))
        piece.total_time = complete
        return piece

    def finish(self) -> NoteSequence:
        """Ends what still sounds and returns the rest."""
        for pitch in list(self._sounding):
            self._end_note(pitch)
        piece = self.take()
        piece.total_time = self._section.end
        return piece

    def _end_note(self, pitch: int) -> None:
        note = self._sounding.pop(pitch, None)
        if note is not None:
            note.end_time = self._times[self._step]
            self._ended.append(note)
