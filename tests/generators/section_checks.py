"""Requests to generators, and the rules for every result."""

from __future__ import annotations

import itertools
from functools import cache

from magenta_bridge.arguments import ArgumentValue, write_argument
from magenta_bridge.generators.generator import SequenceGenerator
from magenta_bridge.generators.loading import load_registry
from magenta_bridge.generators.registry import GeneratorRegistry
from magenta_bridge.noteseq import GeneratorOptions, NoteSequence
from magenta_bridge.sequences.validate import validate


@cache
def registry() -> GeneratorRegistry:
    """Return the shipped generators, loaded once."""
    return load_registry()


def shipped_ids() -> list[str]:
    """Return the ids of the shipped generators."""
    return [generator.info.id for generator in registry().list()]


def melodist_ids() -> list[str]:
    """Return the ids of those that write melodies note by note."""
    return [
        generator.info.id
        for generator in registry().list()
        if generator.info.encoding == "melody" and generator.info.family != "gan"
    ]


def options(start: float, end: float, **arguments: ArgumentValue) -> GeneratorOptions:
    """Return options for one section in seconds."""
    made = GeneratorOptions()
    made.generate_sections.add(start_time=start, end_time=end)
    for name, value in arguments.items():
        write_argument(made, name, value)
    return made


def pitches(sequence: NoteSequence) -> list[int]:
    """Return the pitches of all notes, in order."""
    return [note.pitch for note in sequence.notes]


def generate(
    generator: SequenceGenerator,
    primer: NoteSequence,
    start: float,
    end: float,
    **arguments: ArgumentValue,
) -> NoteSequence:
    """Generate one section and check what holds for any result."""
    before = primer.SerializeToString(deterministic=True)
    result = generator.generate(primer, options(start, end, **arguments))
    assert primer.SerializeToString(deterministic=True) == before
    check_section(generator, result, start, end)
    return result


def check_section(
    generator: SequenceGenerator, result: NoteSequence, start: float, end: float
) -> None:
    """Check that notes are valid, fill their section and nothing else, and suit the encoding."""
    validate(result)
    assert result.tempos
    assert result.time_signatures
    assert result.total_time == end
    assert all(start <= note.start_time < note.end_time <= end for note in result.notes)
    begins = [note.start_time for note in result.notes]
    assert begins == sorted(begins)
    encoding = generator.info.encoding
    assert all(note.is_drum == (encoding in ("drums", "groove")) for note in result.notes)
    if encoding in ("melody", "duo", "polyphony"):
        assert begins[0] == start
    if encoding in ("melody", "duo"):
        for instrument in {note.instrument for note in result.notes}:
            _check_line([note for note in result.notes if note.instrument == instrument])


def _check_line(notes: list[NoteSequence.Note]) -> None:
    for here, there in itertools.pairwise(notes):
        assert here.end_time <= there.start_time
