"""The performance generator over a program whose logits the tests write."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from magenta_bridge.encodings import performance
from magenta_bridge.encodings.performance import EVENT_IDS, NOTE_OFF, START, TIME_SHIFT, VELOCITY
from magenta_bridge.errors import BundleError, InvalidArgumentError
from magenta_bridge.generators.performance import PerformanceGenerator, density_bias
from magenta_bridge.noteseq import NoteSequence
from magenta_bridge.sequences.validate import validate
from tests.generators.fake_program import FakeProgram, generator_of
from tests.generators.section_checks import options

SECOND, TENTH = TIME_SHIFT + 99, TIME_SHIFT + 9
LOUD = VELOCITY + 20


class Program(FakeProgram):
    """Returns the logits that a function computes from the number of inputs."""

    def __init__(
        self,
        by_count: Callable[[int], NDArray[np.float32]] = lambda _: np.zeros(EVENT_IDS, np.float32),
        event_ids: int = EVENT_IDS,
    ) -> None:
        super().__init__("performance", event_ids)
        self._by_count = by_count

    def logits(self, value: int) -> NDArray[np.float32]:  # noqa: ARG002
        return self._by_count(len(self.inputs))


def reciting(*ids: int) -> Program:
    """Return a program that prefers these ids in turn, then shifts of one second."""

    def by_count(count: int) -> NDArray[np.float32]:
        logits = np.zeros(EVENT_IDS, dtype=np.float32)
        logits[ids[count - 1] if count <= len(ids) else SECOND] = 50.0
        return logits

    return Program(by_count)


def make(program: Program) -> PerformanceGenerator:
    """Return a generator with a program."""
    return generator_of(PerformanceGenerator, program)


def primer(*notes: tuple[int, float, float]) -> NoteSequence:
    """Return notes (pitch, start, end) at 120 qpm."""
    music = NoteSequence()
    music.tempos.add(qpm=120.0)
    for pitch, start, end in notes:
        music.notes.add(pitch=pitch, velocity=81, start_time=start, end_time=end, instrument=2)
    music.total_time = max((end for _, _, end in notes), default=0.0)
    return music


def spans(music: NoteSequence) -> list[tuple[int, float, float]]:
    """Return pitch, start and end of each note, rounded to the millisecond."""
    return [(n.pitch, round(n.start_time, 3), round(n.end_time, 3)) for n in music.notes]


def test_from_nothing_the_first_note_begins_with_the_section() -> None:
    program = reciting(SECOND, 60, TENTH, NOTE_OFF + 60)
    result = make(program).generate(NoteSequence(), options(3.0, 5.0, temperature=0.0))
    validate(result)
    assert program.inputs[0] == START
    assert result.notes[0].start_time == 3.0
    assert result.total_time == 5.0
    assert result.tempos
    assert result.time_signatures


def test_ids_become_notes_in_seconds() -> None:
    program = reciting(LOUD, 60, 64, TENTH, NOTE_OFF + 60, VELOCITY + 2, 67, TENTH, NOTE_OFF + 67)
    result = make(program).generate(
        NoteSequence(), options(1.0, 3.005, temperature=0.0, program=4)
    )  # fmt: skip
    assert spans(result) == [(60, 1.0, 1.1), (64, 1.0, 3.005), (67, 1.1, 1.2)]
    assert [(n.velocity, n.program, n.instrument) for n in result.notes] == [
        (81, 4, 0), (81, 4, 0), (9, 4, 0),
    ]  # fmt: skip


@pytest.mark.parametrize("seconds", [0.004, 0.01, 0.5, 7.123])
def test_a_section_is_filled_to_its_end_and_not_beyond(seconds: float) -> None:
    result = make(Program()).generate(NoteSequence(), options(2.0, 2.0 + seconds, seed=4))
    validate(result)
    assert result.notes[0].start_time == 2.0
    assert result.total_time == 2.0 + seconds
    assert all(2.0 <= n.start_time < n.end_time <= 2.0 + seconds for n in result.notes)


def test_time_advances_whatever_the_logits_are() -> None:
    logits = np.zeros(EVENT_IDS, dtype=np.float32)
    logits[TIME_SHIFT:VELOCITY] = -1e6
    program = Program(lambda _: logits)
    result = make(program).generate(NoteSequence(), options(0.0, 0.2, density=2.0))
    assert result.total_time == 0.2
    assert len(program.inputs) < 20 * 100


def test_the_primer_is_read_up_to_the_section() -> None:
    program = Program()
    music = primer((60, 0.5, 1.0), (64, 0.8, 2.5))
    music.notes.add(pitch=36, velocity=99, start_time=0.0, end_time=0.1, is_drum=True)
    result = make(program).generate(music, options(2.0, 4.0, seed=1))
    expected = [
        START, LOUD, 60, TIME_SHIFT + 29, 64, TIME_SHIFT + 19, NOTE_OFF + 60,
        SECOND, NOTE_OFF + 64,
    ]  # fmt: skip
    assert program.inputs[: len(expected)] == expected
    assert {note.instrument for note in result.notes} == {2}
    assert all(note.start_time >= 2.0 for note in result.notes)


def test_the_primers_pedal_is_read() -> None:
    program, music = Program(), primer((60, 0.0, 0.1), (64, 0.5, 0.6))
    for time, value in ((0.0, 127), (0.4, 0)):
        music.control_changes.add(time=time, control_number=64, control_value=value, instrument=2)
    make(program).generate(music, options(0.6, 0.7))
    assert program.inputs[:5] == [START, LOUD, 60, TIME_SHIFT + 39, NOTE_OFF + 60]


def test_a_long_rest_before_the_section_is_shortened_to_a_second() -> None:
    program = Program()
    make(program).generate(primer((60, 0.0, 0.5)), options(90.0, 90.2))
    assert program.inputs[:6] == [START, LOUD, 60, TIME_SHIFT + 49, NOTE_OFF + 60, SECOND]


def test_only_the_newest_notes_are_read() -> None:
    program = Program()
    music = primer(*[(60 + n % 12, n / 20, n / 20 + 0.04) for n in range(400)])
    make(program).generate(music, options(20.0, 20.1))
    assert sum(value < NOTE_OFF for value in program.inputs[:600]) == 150
    slow = Program()
    played = primer(*[(60, float(n), n + 0.5) for n in range(60)])
    make(slow).generate(played, options(60.0, 60.1, min_pitch=61))
    assert slow.inputs.count(60) in range(19, 22)


def test_input_sections_choose_what_is_read() -> None:
    program, request = Program(), options(4.0, 4.2)
    request.input_sections.add(start_time=1.0, end_time=2.0)
    make(program).generate(primer((60, 0.0, 0.5), (62, 1.0, 1.5), (64, 3.0, 3.5)), request)
    assert program.inputs[:3] == [START, LOUD, 62]
    request.input_sections.add(start_time=2.0, end_time=1.0)
    with pytest.raises(InvalidArgumentError):
        make(Program()).generate(primer(), request)


def test_range_and_scale_are_kept() -> None:
    result = make(Program()).generate(
        NoteSequence(),
        options(0.0, 2.0, min_pitch=60, max_pitch=72, scale_root=2, scale_intervals="0,2,4"),
    )
    assert {note.pitch for note in result.notes} == {62, 64, 66}


def test_streamed_notes_are_final_in_order_and_the_whole() -> None:
    def program() -> Program:  # of short notes
        return Program(lambda _: np.repeat([0, 6, 0], [128, 128, 132]).astype(np.float32))

    request = options(1.0, 12.0, seed=3)
    pieces = list(make(program()).stream(NoteSequence(), request))
    whole = make(program()).generate(NoteSequence(), request)
    streamed = [note for piece in pieces for note in piece.notes]
    assert streamed == list(whole.notes)
    starts = [note.start_time for note in streamed]
    assert starts == sorted(starts)
    assert sum(bool(piece.notes) for piece in pieces) > 2
    for index, piece in enumerate(pieces[:-1]):
        later = [note.start_time for each in pieces[index + 1 :] for note in each.notes]
        assert all(start >= piece.total_time for start in later)


def test_density_changes_the_number_of_notes() -> None:
    def count(density: float) -> int:
        request = options(0.0, 20.0, seed=2, density=density)
        return len(make(Program()).generate(NoteSequence(), request).notes)

    assert count(-2.0) < count(0.0) < count(2.0)
    assert density_bias(0.0) is None


@pytest.mark.parametrize(
    "wrong", [{"density": 3.0}, {"program": 128}, {"program": -1}, {"temperature": -1.0}]
)
def test_arguments_out_of_range_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(InvalidArgumentError, match=next(iter(wrong))):
        make(Program()).generate(NoteSequence(), options(0.0, 1.0, **wrong))


def test_the_same_seed_gives_the_same_playing() -> None:
    def notes(seed: int) -> Sequence[NoteSequence.Note]:
        return make(Program()).generate(NoteSequence(), options(0.0, 2.0, seed=seed)).notes

    assert notes(1) == notes(1)
    assert notes(1) != notes(2)


def test_a_program_of_another_vocabulary_is_refused() -> None:
    with pytest.raises(BundleError, match="130 events where performance has 388"):
        make(Program(event_ids=130))


def test_music_is_in_seconds() -> None:
    assert make(Program()).info.steps_per_quarter == 0
    assert performance.STEPS_PER_SECOND == 100
