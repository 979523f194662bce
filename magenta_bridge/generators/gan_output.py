"""From bars of two tracks to notes in seconds, each track on an instrument of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from magenta_bridge.generators.melody_output import MelodyOutput
from magenta_bridge.generators.primer import Section
from magenta_bridge.noteseq import NoteSequence

_NAMES: Final = ("Lead", "Bass")


class BarOutput(Protocol):
    """Collects bars and gives out notes as soon as they are final."""

    def add_bar(self, lines: Sequence[NDArray[np.int32]]) -> None:
        """Takes the melody event ids of the next bar, ``(steps,)`` for each track."""

    def take(self) -> NoteSequence:
        """Returns the notes that are final by now; ``total_time`` says up to where."""

    def finish(self) -> NoteSequence:
        """Ends what still sounds and returns the rest."""


class LineOutput(MelodyOutput):
    """Bars of one track; see ``BarOutput``."""

    def add_bar(self, lines: Sequence[NDArray[np.int32]]) -> None:
        """Takes the next bar."""
        self.add(lines[0].tolist())


class DuoOutput:
    """Bars of a lead and a bass; see ``BarOutput``.

    A note waits until the other track is complete up to where it begins.

    Args:
        music: The primer; tempo, meter and loudness are taken from it.
        section: What is being generated.
        programs: MIDI program of each track.
    """

    def __init__(self, music: NoteSequence, section: Section, programs: Sequence[int]) -> None:
        self._tracks = [MelodyOutput(music, section, program=program) for program in programs]
        self._waiting: list[NoteSequence.Note] = []
        self._named = False

    def add_bar(self, lines: Sequence[NDArray[np.int32]]) -> None:
        """Takes the next bar."""
        for track, line in zip(self._tracks, lines, strict=True):
            track.add(line.tolist())

    def take(self) -> NoteSequence:
        """See ``BarOutput.take``."""
        return self._merge([track.take() for track in self._tracks])

    def finish(self) -> NoteSequence:
        """See ``BarOutput.finish``."""
        return self._merge([track.finish() for track in self._tracks])

    def _merge(self, pieces: Sequence[NoteSequence]) -> NoteSequence:
        complete = min(piece.total_time for piece in pieces)
        for number, piece in enumerate(pieces):
            for note in piece.notes:
                note.instrument = note.part = number
            self._waiting.extend(piece.notes)
        self._waiting.sort(key=lambda note: (note.start_time, note.instrument))
        merged = NoteSequence()
        merged.CopyFrom(pieces[0])  # for its clock, which stands in the first one alone
        del merged.notes[:]
        merged.notes.extend(note for note in self._waiting if note.start_time < complete)
        self._waiting = [note for note in self._waiting if note.start_time >= complete]
        merged.total_time = complete
        if not self._named:
            for number, name in enumerate(_NAMES):
                merged.instrument_infos.add(instrument=number, name=name)
                merged.part_infos.add(part=number, name=name)
            self._named = True
        return merged
