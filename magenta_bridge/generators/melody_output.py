"""From a melody generator's ids to notes in seconds, handed out as soon as they are final."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from magenta_bridge.encodings import melody
from magenta_bridge.generators.note_stamp import NoteStamp
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
        self._stamp = NoteStamp(voice_of(music, program))
        self._pitch, self._begun = 0, _SILENT  # id and first step of what sounds
        self._ready = clock_of(music, section)
        self._times = step_seconds(section)

    def add(self, ids: Sequence[int]) -> None:
        """Takes the next event ids."""
        pitch, begun = self._pitch, self._begun
        ended: list[tuple[int, int, int]] = []
        for step, value in enumerate(ids, self._step):
            if value == _NOTHING:
                continue
            if begun != _SILENT:
                ended.append((pitch, begun, step))
            pitch, begun = value, step if value >= melody.EVENT_OFFSET else _SILENT
        self._pitch, self._begun = pitch, begun
        self._step += len(ids)
        self._write(ended)

    def take(self) -> NoteSequence:
        """Returns the notes that are final by now; ``total_time`` says up to where."""
        piece, self._ready = self._ready, NoteSequence()
        piece.total_time = self._times[self._step if self._begun == _SILENT else self._begun]
        return piece

    def finish(self) -> NoteSequence:
        """Ends what still sounds and returns the rest."""
        if self._begun != _SILENT:
            self._write([(self._pitch, self._begun, self._step)])
            self._begun = _SILENT
        piece = self.take()
        piece.total_time = self._section.end
        return piece

    def _write(self, ended: Sequence[tuple[int, int, int]]) -> None:
        """Writes notes given by their ids, and the steps at which they begin and end."""
        if not ended:
            return
        ids, begun, until = zip(*ended, strict=True)
        times, lowered = self._times, melody.EVENT_OFFSET + self._shift
        self._stamp.write(
            self._ready,
            [value - lowered for value in ids],
            [times[step] for step in begun],
            [times[step] for step in until],
        )
