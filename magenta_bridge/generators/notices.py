"""Say how much of a primer a generator did not read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from magenta_bridge.description import Notice
from magenta_bridge.encodings import drums
from magenta_bridge.encodings.drum_primer import is_drum_clip, read_as_drums
from magenta_bridge.generators.primer import Section, input_notes_before
from magenta_bridge.limits import PRIMER_STEPS
from magenta_bridge.noteseq import GeneratorOptions, NoteSequence
from magenta_bridge.sequences.tempo_map import TempoMap

_EVERYTHING: Final = -1.0
_STEPS_PER_QUARTER: Final = 4
# Fewer voices or triplets than this share of the notes are not worth a sentence.
_WORTH_SAYING: Final = 0.1
_TRIPLET_QUARTERS: Final = (1 / 6, 1 / 3, 2 / 3, 5 / 6)
_NEAR_QUARTERS: Final = 0.02
_FEWEST_TRIPLETS: Final = 3


def primer_notices(
    encoding: str,
    music: NoteSequence,
    options: GeneratorOptions,
    section: Section,
    *,
    drums_mode: str = "auto",
    context: tuple[float, str] | None = None,
) -> list[Notice]:
    """Return what a generator of an encoding does not read of a primer, in order of importance.

    Args:
        encoding: The encoding.
        music: The primer.
        options: The request's options.
        section: The section to generate.
        drums_mode: Value of the argument ``drums``.
        context: The time in seconds from which notes are read and its length in words; None for
            the newest 4,096 steps of the grid.
    """
    read = list(input_notes_before(music, options, section, since=_EVERYTHING).notes)
    if not read:
        return [_NOTHING_BEFORE] if music.notes else []
    if encoding in ("drums", "groove"):
        found, taken = _of_drums(read, drums_mode)
    else:
        found, taken = _of_pitches(read, encoding)
    since, length = context or (
        float(
            section.tempo.seconds(section.origin_quarters - PRIMER_STEPS.value / _STEPS_PER_QUARTER)
        ),
        "256 bars",
    )
    earlier = sum(note.start_time < since for note in taken)
    if earlier:
        found.append(
            Notice(
                "EARLIER_NOTES_NOT_READ",
                f"Only the last {length} before the new music were read; "
                f"{_notes(earlier)} before that had no influence.",
            )
        )
    if encoding not in ("groove", "performance"):
        found += _of_grid(taken, section.tempo)
    return found


_NOTHING_BEFORE: Final = Notice(
    "NOTHING_BEFORE",
    "No note of the primer begins before the new music, so the new music does not continue it.",
)


def _of_drums(
    read: Sequence[NoteSequence.Note], mode: str
) -> tuple[list[Notice], list[NoteSequence.Note]]:
    if read_as_drums(read, mode):
        guessed = mode != "yes"
        words = "The primer was read as drums although it is not on the drum channel; set drums"
        found = [Notice("READ_AS_DRUMS", f"{words} to no if it is a melody.")] if guessed else []
        struck = list(read)
    else:
        found, struck = [], [note for note in read if note.is_drum]
        others = len(read) - len(struck)
        if not struck:
            return [
                Notice(
                    "PITCHES_NOT_READ",
                    "This generator reads only drums, and the primer has none; set drums to yes "
                    "if its notes are drums.",
                )
            ], []
        if others:
            found.append(
                Notice(
                    "PITCHES_NOT_READ",
                    f"This generator reads only drums; {_notes(others)} of the primer had no "
                    "influence.",
                )
            )
    unknown = sum(drums.class_of(note.pitch) is None for note in struck)
    if unknown:
        found.append(
            Notice(
                "DRUMS_NOT_READ",
                f"{_notes(unknown).capitalize()} of the primer had no influence, because "
                "General MIDI has no drum of that pitch that this generator reads.",
            )
        )
    return found, [note for note in struck if drums.class_of(note.pitch) is not None]


def _of_pitches(
    read: Sequence[NoteSequence.Note], encoding: str
) -> tuple[list[Notice], list[NoteSequence.Note]]:
    pitched = [note for note in read if not note.is_drum]
    if not pitched:
        words = "This generator does not read drums, and the primer has nothing else."
        return [Notice("DRUMS_NOT_READ", words)], []
    found = []
    struck = len(read) - len(pitched)
    if struck:
        words = f"This generator does not read drums; {_notes(struck)} of the primer had no"
        found.append(Notice("DRUMS_NOT_READ", f"{words} influence."))
    elif is_drum_clip(pitched):
        words = "The primer looks like drums, and was read as pitches."
        found.append(Notice("LOOKS_LIKE_DRUMS", words))
    lines = {"melody": _top(pitched), "duo": _lead_and_bass(pitched)}
    taken = lines.get(encoding, pitched)
    left_out = len(pitched) - len(taken)
    if left_out > _WORTH_SAYING * len(pitched):
        what = "one line" if encoding == "melody" else "a lead and a bass"
        found.append(
            Notice(
                "VOICES_NOT_READ",
                f"This generator reads {what}; {_notes(left_out)} of the primer that sound below "
                "others had no influence.",
            )
        )
    return found, taken


def _top(notes: Sequence[NoteSequence.Note]) -> list[NoteSequence.Note]:
    """Return the highest of the notes that begin together."""
    tops: dict[float, NoteSequence.Note] = {}
    for note in notes:
        time = round(note.start_time, 2)
        if time not in tops or note.pitch > tops[time].pitch:
            tops[time] = note
    return list(tops.values())


def _lead_and_bass(notes: Sequence[NoteSequence.Note]) -> list[NoteSequence.Note]:
    bass = max(note.instrument for note in notes)
    split = [[note for note in notes if (note.instrument == bass) == is_bass] for is_bass in (0, 1)]
    return [note for part in split for note in _top(part)]


def _of_grid(notes: Sequence[NoteSequence.Note], tempo: TempoMap) -> list[Notice]:
    """Return a notice if triplets were moved to sixteenths."""
    parts = [float(tempo.quarters(note.start_time)) % 1 for note in notes]
    triplets = sum(
        any(abs(part - third) < _NEAR_QUARTERS for third in _TRIPLET_QUARTERS) for part in parts
    )
    if triplets < max(_FEWEST_TRIPLETS, _WORTH_SAYING * len(notes)):
        return []
    words = f"{_notes(triplets).capitalize()} of the primer in triplets moved to sixteenths, the"
    return [Notice("MOVED_TO_GRID", f"{words} grid of this generator.")]


def _notes(count: int) -> str:
    return f"{count} note{'' if count == 1 else 's'}"
