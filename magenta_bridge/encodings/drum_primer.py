"""Recognize drums that are not on the drum channel, as Live exports those of its drum racks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from magenta_bridge.encodings import drums
from magenta_bridge.errors import InvalidArgumentError
from magenta_bridge.noteseq import NoteSequence

AUTO, YES, NO = "auto", "yes", "no"
_KICKS: Final = frozenset((35, 36))
_SNARES: Final = frozenset((37, 38, 39, 40))
_HATS: Final = frozenset((22, 26, 42, 44, 46, 51, 53, 59))
_CORE: Final = _KICKS | _SNARES | _HATS
_FEWEST_NOTES: Final = 4
_MOST_PITCHES: Final = 16
_LEAST_CORE: Final = 0.5
_LEAST_TOGETHER: Final = 0.1
# Played by hand, hits of one moment are so many seconds apart.
_SAME_TIME: Final = 0.03
# A melody's intervals in a chord; drums that are struck together are a kick or a snare and a hat.
_LEAST_TYPICAL: Final = 0.5


def is_drum_clip(notes: Sequence[NoteSequence.Note]) -> bool:
    """Return whether notes are drums beyond doubt, whatever their channel is.

    They have few pitches, all of the General MIDI drum map, most of them kick, snare and hi-hat
    or ride, and hats are struck together with kick or snare: a bass line has no two notes at
    once, and chords have other pitches.
    """
    pitches = {note.pitch for note in notes}
    if len(notes) < _FEWEST_NOTES or len(pitches) > _MOST_PITCHES:
        return False
    if any(drums.class_of(pitch) is None for pitch in pitches):
        return False
    if not (pitches & _KICKS and pitches & _HATS):
        return False
    if sum(note.pitch in _CORE for note in notes) < _LEAST_CORE * len(notes):
        return False
    struck: list[set[int]] = []
    begun = float("-inf")
    for note in sorted(notes, key=lambda each: each.start_time):
        if note.start_time > begun + _SAME_TIME:
            begun = note.start_time
            struck.append(set())
        struck[-1].add(note.pitch)
    together = [found for found in struck if len(found) > 1]
    # A triad such as D, F sharp, A is a snare, a hat and a tom.
    typical = [
        found for found in together if found <= _CORE and found & _HATS and not found <= _HATS
    ]
    return len(together) >= _LEAST_TOGETHER * len(struck) and len(typical) >= max(
        _LEAST_TYPICAL * len(together), 2
    )


def read_as_drums(notes: Sequence[NoteSequence.Note], mode: str) -> bool:
    """Return whether a drum generator reads notes that are not on the drum channel.

    Args:
        notes: All notes before the section.
        mode: ``auto``, ``yes`` or ``no``.

    Raises:
        InvalidArgumentError: The mode is another.
    """
    if mode not in (AUTO, YES, NO):
        raise InvalidArgumentError(
            f"drums must be auto, yes or no, got {mode[:60]!r}.", field="options.args[drums]"
        )
    if mode == AUTO:
        return not any(note.is_drum for note in notes) and is_drum_clip(notes)
    return mode == YES
