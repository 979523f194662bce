"""From a drum generator's ids to hits in seconds, handed out as soon as they are final."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from magenta_bridge.encodings import drums
from magenta_bridge.encodings.meters import METERS, STEPS_PER_QUARTER, bar_steps
from magenta_bridge.generators.primer import Section
from magenta_bridge.generators.timeline import clock_of, step_seconds
from magenta_bridge.noteseq import NoteSequence

DRUM_INSTRUMENT: Final = 9
_PLAIN_VELOCITY: Final = 90
# Louder or softer than the drum's mean: on the downbeat, the beat, the eighth, between them.
_ACCENTS: Final = (14, 6, 0, -12)


class DrumsOutput:
    """Collects ids and gives out hits.

    Each drum is as loud as it is in the primer on average, 90 where it is not there; downbeats
    are 14 louder, other beats 6, and what lies between eighths is 12 softer, since the ids tell
    no loudness.

    Args:
        music: The primer; tempo, signatures and drum instrument are taken from it.
        section: What is being generated.
        meter: Index in ``METERS``.
        begun: Steps from a bar line to the section's start.
        primer: The drums heard before the section.
    """

    def __init__(
        self,
        music: NoteSequence,
        section: Section,
        *,
        meter: int,
        begun: int,
        primer: NoteSequence,
    ) -> None:
        self._section = section
        self._meter = meter
        self._begun = begun
        self._step = 0
        self._loudness = _loudness(primer)
        self._instrument = primer.notes[-1].instrument if primer.notes else DRUM_INSTRUMENT
        self._ready = clock_of(music, section)
        self._times = step_seconds(section)

    def add(self, ids: Sequence[int]) -> None:
        """Takes the next event ids."""
        for value in ids:
            self._add(value)

    def _add(self, value: int) -> None:
        accent = accent_at(self._meter, self._begun + self._step)
        for kind in drums.struck(value):
            self._ready.notes.add(
                pitch=drums.CLASSES[kind].pitch,
                velocity=min(max(self._loudness[kind] + accent, 1), 127),
                start_time=self._times[self._step],
                end_time=self._times[self._step + 1],
                instrument=self._instrument,
                is_drum=True,
            )
        self._step += 1

    def take(self) -> NoteSequence:
        """Returns the hits since the last call; ``total_time`` says up to where."""
        piece, self._ready = self._ready, NoteSequence()
        piece.total_time = self._times[self._step]
        return piece

    def finish(self) -> NoteSequence:
        """Returns the rest."""
        piece = self.take()
        piece.total_time = self._section.end
        return piece


def accent_at(meter: int, step: int) -> int:
    """Returns how much louder than its mean a drum is struck.

    Args:
        meter: Index in ``METERS``.
        step: Steps since a bar line.
    """
    numerator, denominator = METERS[meter]
    beat = 6 if denominator == 8 else STEPS_PER_QUARTER  # a compound beat is a dotted quarter
    place = step % int(bar_steps(numerator, denominator))
    if place == 0:
        return _ACCENTS[0]
    if place % beat == 0:
        return _ACCENTS[1]
    return _ACCENTS[2] if place % 2 == 0 else _ACCENTS[3]


def _loudness(primer: NoteSequence) -> list[int]:
    """Returns the mean velocity of each class of drum."""
    heard: list[list[int]] = [[] for _ in drums.CLASSES]
    for note in primer.notes:
        kind = drums.class_of(note.pitch)
        if kind is not None:
            heard[kind].append(note.velocity)
    return [round(sum(each) / len(each)) if each else _PLAIN_VELOCITY for each in heard]
