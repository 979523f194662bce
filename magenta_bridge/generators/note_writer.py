"""From chosen ids to notes in seconds."""

from __future__ import annotations

import abc
from collections.abc import Sequence
from typing import Final

import numpy as np

from magenta_bridge.encodings.meters import STEPS_PER_QUARTER
from magenta_bridge.generators.primer import Section
from magenta_bridge.noteseq import NoteSequence

DEFAULT_VELOCITY: Final = 90
PRIMERS_PROGRAM: Final = -1


class NoteWriter(abc.ABC):
    """Collects ids and returns notes as soon as they are final.

    A note is final when it has ended and no note that began earlier still sounds.

    Args:
        music: The primer; tempo and signatures are taken from it.
        section: The section to generate.
        voice: A note without pitch and times, copied for every note.
    """

    def __init__(self, music: NoteSequence, section: Section, voice: NoteSequence.Note) -> None:
        self._section = section
        self._voice = voice
        self._step = 0
        self._sounding: dict[int, NoteSequence.Note] = {}
        self._ended: list[NoteSequence.Note] = []
        self._piece = _without_notes(music, section)

    @abc.abstractmethod
    def add(self, ids: Sequence[int]) -> None:
        """Read the next event ids."""

    def take(self) -> NoteSequence:
        """Return the notes that became final; ``total_time`` is the time up to which all are."""
        complete = min([self._now, *(note.start_time for note in self._sounding.values())])
        self._ended.sort(key=lambda note: (note.start_time, note.pitch))
        count = sum(note.start_time < complete for note in self._ended)
        piece, self._piece = self._piece, NoteSequence()
        piece.notes.extend(self._ended[:count])
        piece.total_time = complete
        del self._ended[:count]
        return piece

    def finish(self) -> NoteSequence:
        """End the notes that still sound, and return the rest."""
        for pitch in list(self._sounding):
            self._end(pitch)
        piece = self.take()
        piece.total_time = self._section.end
        return piece

    @property
    @abc.abstractmethod
    def _now(self) -> float:
        """The time of the current step, in seconds."""

    def _begin(self, pitch: int) -> NoteSequence.Note:
        note = self._sounding[pitch] = NoteSequence.Note()
        note.CopyFrom(self._voice)
        note.pitch, note.start_time = pitch, self._now
        return note

    def _end(self, pitch: int) -> None:
        note = self._sounding.pop(pitch, None)
        if note is not None and note.start_time < self._now:
            note.end_time = self._now
            self._ended.append(note)


class GridWriter(NoteWriter):
    """A writer whose steps are sixteenths; arguments as in ``NoteWriter``."""

    def __init__(self, music: NoteSequence, section: Section, voice: NoteSequence.Note) -> None:
        super().__init__(music, section, voice)
        steps = np.arange(section.steps + 1) / STEPS_PER_QUARTER
        times = section.tempo.seconds(section.origin_quarters + steps)
        self._times: list[float] = np.clip(times, section.start, section.end).tolist()
        # The way from seconds to quarters and back may change the last bit.
        self._times[0] = section.start

    @property
    def _now(self) -> float:
        return self._times[self._step]


def voice_of(music: NoteSequence, program: int = PRIMERS_PROGRAM) -> NoteSequence.Note:
    """Return a note without pitch and times that sounds like the primer's.

    Args:
        music: The primer: the instrument and program of its latest pitched note, and the mean
            velocity of all of them.
        program: MIDI program, 0..127; -1 for the primer's.
    """
    pitched = [note for note in music.notes if not note.is_drum]
    voice = NoteSequence.Note(velocity=DEFAULT_VELOCITY)
    if pitched:
        latest = max(pitched, key=lambda note: note.start_time)
        voice.instrument, voice.program = latest.instrument, latest.program
        voice.velocity = round(sum(note.velocity for note in pitched) / len(pitched))
    if program != PRIMERS_PROGRAM:
        voice.program = program
    return voice


def _without_notes(music: NoteSequence, section: Section) -> NoteSequence:
    """Return a sequence with the primer's tempos and signatures."""
    piece = NoteSequence(
        ticks_per_quarter=music.ticks_per_quarter,
        tempos=music.tempos,
        time_signatures=music.time_signatures,
        key_signatures=music.key_signatures,
    )
    if not piece.tempos:
        piece.tempos.add(time=0.0, qpm=section.tempo.qpm_at(0.0))
    if not piece.time_signatures:
        piece.time_signatures.add(time=0.0, numerator=4, denominator=4)
    return piece
