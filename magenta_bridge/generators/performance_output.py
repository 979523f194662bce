"""From a performance generator's ids to notes in seconds, handed out as soon as they are final."""

from __future__ import annotations

from collections.abc import Sequence

from magenta_bridge.encodings.performance import (
    NOTE_OFF,
    STEPS_PER_SECOND,
    TIME_SHIFT,
    VELOCITY,
    bin_velocity,
    shift_steps,
)
from magenta_bridge.generators.primer import Section
from magenta_bridge.generators.timeline import clock_of
from magenta_bridge.noteseq import NoteSequence


class PerformanceOutput:
    """Collects ids and gives out notes.

    A note is final when it has ended and none that began before it, or with it, still sounds.

    Args:
        music: The primer; tempo, signatures and instrument are taken from it.
        section: What is being generated.
        program: General MIDI program of every note, 0..127.
    """

    def __init__(self, music: NoteSequence, section: Section, program: int) -> None:
        self._section = section
        self._step = 0
        self._velocity = bin_velocity(0)
        self._sounding: dict[int, NoteSequence.Note] = {}
        self._ended: list[NoteSequence.Note] = []
        self._voice = NoteSequence.Note(program=program, instrument=_instrument(music))
        self._context: NoteSequence | None = clock_of(music, section)

    @property
    def _now(self) -> float:
        return min(self._section.start + self._step / STEPS_PER_SECOND, self._section.end)

    def add(self, ids: Sequence[int]) -> None:
        """Takes the next event ids."""
        for value in ids:
            self._add(value)

    def _add(self, value: int) -> None:
        if value < NOTE_OFF:
            self._begin(value)
        elif value < TIME_SHIFT:
            self._end(value - NOTE_OFF)
        elif value < VELOCITY:
            self._step += shift_steps(value)
        else:
            self._velocity = bin_velocity(value - VELOCITY)

    def take(self) -> NoteSequence:
        """Returns the notes that are final by now; ``total_time`` says up to where."""
        until = min((note.start_time for note in self._sounding.values()), default=self._now)
        self._ended.sort(key=lambda note: (note.start_time, note.pitch))
        count = sum(note.start_time < until for note in self._ended)
        piece = self._context or NoteSequence()
        piece.notes.extend(self._ended[:count])
        piece.total_time = until
        del self._ended[:count]
        self._context = None
        return piece

    def finish(self) -> NoteSequence:
        """Ends what still sounds and returns the rest."""
        for pitch in list(self._sounding):
            self._end(pitch)
        piece = self.take()
        piece.total_time = self._section.end
        return piece

    def _begin(self, pitch: int) -> None:
        note = NoteSequence.Note()
        note.CopyFrom(self._voice)
        note.pitch, note.velocity, note.start_time = pitch, self._velocity, self._now
        self._sounding[pitch] = note

    def _end(self, pitch: int) -> None:
        # What is not known here began before the section and was ended at its start.
        note = self._sounding.pop(pitch, None)
        if note is not None and note.start_time < self._now:
            note.end_time = self._now
            self._ended.append(note)


def _instrument(music: NoteSequence) -> int:
    """Returns the instrument of the primer's latest note, 0 without one."""
    pitched = [note for note in music.notes if not note.is_drum]
    return max(pitched, key=lambda note: note.start_time).instrument if pitched else 0
