"""Each broken rule is named with the path of its field."""

from __future__ import annotations

import math
import time
from pathlib import Path

import pytest
from google.protobuf import text_format

from magenta_bridge.errors import InvalidSequenceError, LimitExceededError
from magenta_bridge.formats import read
from magenta_bridge.noteseq import NoteSequence
from magenta_bridge.sequences.validate import validate


def parse(text: str) -> NoteSequence:
    """Return a NoteSequence from its text form."""
    return text_format.Parse(text, NoteSequence())


@pytest.mark.parametrize(
    ("text", "field", "rule"),
    [
        ("pitch: 300 velocity: 1", "notes[0].pitch", "0 to 127, got 300"),
        ("pitch: -1 velocity: 1", "notes[0].pitch", "0 to 127, got -1"),
        ("velocity: 0", "notes[0].velocity", "1 to 127, got 0"),
        ("velocity: 128", "notes[0].velocity", "1 to 127, got 128"),
        ("velocity: 1 program: 128", "notes[0].program", "0 to 127, got 128"),
        ("velocity: 1 start_time: -1", "notes[0].start_time", "from 0 up, got -1.0"),
        ("velocity: 1 start_time: nan", "notes[0].start_time", "from 0 up, got nan"),
        ("velocity: 1 end_time: inf", "notes[0].end_time", "from 0 up, got inf"),
        ("velocity: 1 end_time: nan", "notes[0].end_time", "from 0 up, got nan"),
        ("velocity: 1 start_time: 2 end_time: 1", "notes[0].end_time", "its start 2, got 1.0"),
    ],
)
def test_a_faulty_note_is_named(text: str, field: str, rule: str) -> None:
    with pytest.raises(InvalidSequenceError) as caught:
        validate(parse(f"notes {{ {text} }}"), field="primer")
    assert caught.value.field == f"primer.{field}"
    assert caught.value.message.startswith(f"primer.{field} must be ")
    assert caught.value.message.endswith(f"{rule}.")


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("total_time: -1", "total_time"),
        ("total_time: nan", "total_time"),
        ("total_time: 1 notes { velocity: 1 end_time: 2 }", "notes[0].end_time"),
        ("tempos { qpm: 120 } tempos { qpm: 0 }", "tempos[1].qpm"),
        ("tempos { qpm: nan }", "tempos[0].qpm"),
        ("tempos { qpm: 60000001 }", "tempos[0].qpm"),
        ("tempos { qpm: 1 time: -1 }", "tempos[0].time"),
        ("time_signatures { denominator: 4 }", "time_signatures[0].numerator"),
        ("time_signatures { numerator: 256 denominator: 4 }", "time_signatures[0].numerator"),
        ("time_signatures { numerator: 3 denominator: 6 }", "time_signatures[0].denominator"),
        ("time_signatures { numerator: 3 denominator: 128 }", "time_signatures[0].denominator"),
        ("key_signatures { time: inf }", "key_signatures[0].time"),
        ("key_signatures { key: 13 }", "key_signatures[0].key"),
        ("control_changes { control_number: 128 }", "control_changes[0].control_number"),
        ("control_changes { control_value: -1 }", "control_changes[0].control_value"),
        ("control_changes { program: 128 }", "control_changes[0].program"),
        ("control_changes { time: -0.5 }", "control_changes[0].time"),
        ("pitch_bends { bend: 8192 }", "pitch_bends[0].bend"),
        ("pitch_bends { bend: 0 program: -1 }", "pitch_bends[0].program"),
        ("pitch_bends { time: nan }", "pitch_bends[0].time"),
    ],
)
def test_a_fault_elsewhere_is_named(text: str, field: str) -> None:
    with pytest.raises(InvalidSequenceError) as caught:
        validate(parse(text))
    assert caught.value.field == f"sequence.{field}"


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("total_time: 21601", "total_time"),
        ("notes { velocity: 1 end_time: 21601 }", "notes[0].end_time"),
        ("tempos { qpm: 1 time: 1e300 }", "tempos[0].time"),
    ],
)
def test_music_of_more_than_six_hours_is_refused(text: str, field: str) -> None:
    with pytest.raises(LimitExceededError) as caught:
        validate(parse(text))
    assert caught.value.field == f"sequence.{field}"


def test_more_than_fifty_thousand_notes_are_refused_at_once() -> None:
    sequence = NoteSequence()
    sequence.notes.extend([NoteSequence.Note(velocity=1)] * 50_001)
    with pytest.raises(LimitExceededError) as caught:
        validate(sequence)
    assert caught.value.field == "sequence.notes"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "notes { velocity: 1 end_time: 3 }",
        "notes { velocity: 127 pitch: 127 start_time: 3 end_time: 3 } total_time: 3",
        f"tempos {{ qpm: {math.pi} }} time_signatures {{ numerator: 255 denominator: 64 }}",
    ],
)
def test_sound_music_passes_unchanged(text: str) -> None:
    sequence = parse(text)
    validate(sequence)
    assert sequence == parse(text)


def test_whatever_is_read_passes(repository: Path) -> None:
    for path in (repository / "tests" / "data" / "midi").glob("*.mid"):
        validate(read(path))


def test_the_largest_sequence_is_checked_within_a_second() -> None:
    sequence = NoteSequence()
    sequence.notes.extend([NoteSequence.Note(velocity=1, end_time=1.0)] * 50_000)
    start = time.perf_counter()
    validate(sequence)
    assert time.perf_counter() - start < 1.0
