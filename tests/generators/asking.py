"""Requests to generators, and what every answer must keep to."""

from __future__ import annotations

import itertools
from functools import cache

from magenta_bridge.generators.arguments import ArgumentValue, write_argument
from magenta_bridge.generators.generator import SequenceGenerator
from magenta_bridge.generators.registry import GeneratorRegistry
from magenta_bridge.generators.shipped import load_registry
from magenta_bridge.noteseq import GeneratorOptions, NoteSequence
from magenta_bridge.sequences.validate import validate


@cache
def registry() -> GeneratorRegistry:
    """Returns the shipped generators, loaded once."""
    return load_registry()


def shipped_ids() -> list[str]:
    """Returns the ids of the shipped generators."""
    return [generator.info.id for generator in registry().list()]


def options(start: float, end: float, **arguments: ArgumentValue) -> GeneratorOptions:
    """Returns options for one section in seconds."""
    made = GeneratorOptions()
    made.generate_sections.add(start_time=start, end_time=end)
    for name, value in arguments.items():
        write_argument(made, name, value)
    return made


def pitches(sequence: NoteSequence) -> list[int]:
    """Returns the pitches of all notes, in order."""
    return [note.pitch for note in sequence.notes]


def generate(
    generator: SequenceGenerator,
    primer: NoteSequence,
    start: float,
    end: float,
    **arguments: ArgumentValue,
) -> NoteSequence:
    """Generates one section and checks all that holds for any answer."""
    before = primer.SerializeToString(deterministic=True)
    result = generator.generate(primer, options(start, end, **arguments))
    assert primer.SerializeToString(deterministic=True) == before
    check_section(result, start, end)
    return result


def check_section(result: NoteSequence, start: float, end: float) -> None:
    """Checks that notes are valid, one at a time, and fill exactly their section."""
    validate(result)
    assert result.tempos
    assert result.time_signatures
    assert result.notes[0].start_time == start
    assert result.total_time == end
    assert all(start <= note.start_time < note.end_time <= end for note in result.notes)
    for here, there in itertools.pairwise(result.notes):
        assert here.end_time <= there.start_time
