"""Notes that are stamped are those that would have been written one by one."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from magenta_bridge.generators.note_writer import NoteStamp
from magenta_bridge.noteseq import NoteSequence

seconds = st.floats(0.0, 1e6, allow_nan=False)
timed = st.lists(st.tuples(st.integers(0, 127), seconds, seconds), min_size=1, max_size=40)
voices = st.builds(
    NoteSequence.Note,
    velocity=st.integers(0, 127),
    program=st.integers(0, 127),
    instrument=st.integers(-(2**31), 2**31 - 1),
    is_drum=st.booleans(),
)


@given(voices, timed)
def test_they_are_the_same_notes(
    voice: NoteSequence.Note, timed: list[tuple[int, float, float]]
) -> None:
    """Behind those that are there, in order."""
    expected = NoteSequence(total_time=3.0)
    expected.notes.add(pitch=1)
    stamped = NoteSequence()
    stamped.CopyFrom(expected)
    for pitch, start, end in timed:
        note = expected.notes.add()
        note.CopyFrom(voice)
        note.pitch, note.start_time, note.end_time = pitch, start, end
    NoteStamp(voice).write(stamped, *zip(*timed, strict=True))
    assert stamped == expected
