"""The generator of several voices over a program whose logits the tests write."""

from __future__ import annotations

import itertools
from collections import Counter

import numpy as np
import pytest
from numpy.typing import NDArray

from magenta_bridge.encodings import polyphony
from magenta_bridge.encodings.meters import METERS
from magenta_bridge.encodings.polyphony import END, HELD, NEW
from magenta_bridge.errors import BundleError, InvalidArgumentError
from magenta_bridge.generators.polyphony import PolyphonyGenerator
from magenta_bridge.noteseq import NoteSequence
from magenta_bridge.sequences.validate import validate
from tests.generators.fake_program import FakeProgram, generator_of
from tests.generators.section_checks import options


class WrittenProgram(FakeProgram):
    """Prefers a loop of ids; rules out what breaks the order of a frame, as every network does."""

    def __init__(self, *written: int, event_ids: int = polyphony.EVENT_IDS) -> None:
        super().__init__("polyphony", event_ids)
        self.written = written

    def logits(self, value: int) -> NDArray[np.float32]:
        logits = super().logits(value)
        if self.written:
            logits[self.written[(len(self.inputs) - 1) % len(self.written)]] = 9.0
        if self.logit_count == polyphony.EVENT_IDS:
            logits[~self._can_come()] = -1e4
        return logits

    def _can_come(self) -> NDArray[np.bool_]:
        frames = [[], *self._frames()]
        before, now = frames[-2:]
        sounded = np.isin(np.arange(polyphony.PITCHES), before)
        return polyphony.grammar_mask(sounded, lowest=max(now, default=-1) + 1)

    def _frames(self) -> list[list[int]]:
        """Return the pitches of each frame since the last start id."""
        frames: list[list[int]] = [[]]
        for value in self.inputs:
            pitch = polyphony.pitch_of(value)
            if value >= polyphony.EVENT_IDS:
                frames = [[]]
            elif pitch is None:
                frames.append([])
            else:
                frames[-1].append(pitch)
        return frames


def make(program: WrittenProgram) -> PolyphonyGenerator:
    """Return a generator with a program."""
    return generator_of(PolyphonyGenerator, program)


def primer(*notes: tuple[int, float, float]) -> NoteSequence:
    """Return notes (pitch, start, end) at 120 qpm in 4/4."""
    music = NoteSequence(total_time=8.0)
    music.tempos.add(qpm=120.0)
    music.time_signatures.add(numerator=4, denominator=4)
    for pitch, start, end in notes:
        music.notes.add(
            pitch=pitch, velocity=70, start_time=start, end_time=end, instrument=2, program=19
        )
    return music


def spans(sequence: NoteSequence) -> list[tuple[int, float, float]]:
    """Return pitch, start and end of each note."""
    return [(n.pitch, n.start_time, n.end_time) for n in sequence.notes]


ROUND = (NEW + 60, NEW + 64, END, HELD + 60, NEW + 67, END)


def test_frames_become_notes_in_order() -> None:
    result = make(WrittenProgram(*ROUND)).generate(NoteSequence(), options(0.0, 0.5, top_k=1))
    validate(result)
    assert spans(result) == [
        (60, 0.0, 0.25),
        (64, 0.0, 0.125),
        (67, 0.125, 0.25),
        (60, 0.25, 0.5),
        (64, 0.25, 0.375),
        (67, 0.375, 0.5),
    ]
    assert result.total_time == 0.5
    assert (result.tempos[0].qpm, result.time_signatures[0].numerator) == (120.0, 4)


def test_the_primer_is_read_and_its_notes_end_where_the_section_starts() -> None:
    program = WrittenProgram(HELD + 60)
    music = primer((60, 1.75, 4.0))
    music.notes.add(pitch=36, velocity=90, start_time=1.5, end_time=1.6, is_drum=True)
    result = make(program).generate(music, options(2.0, 2.5, top_k=1))
    begun = [polyphony.start_id(METERS.index((4, 4))), *[END] * 14]
    assert program.inputs[:19] == [*begun, NEW + 60, END, HELD + 60, END]
    assert program.inputs[19] != HELD + 60
    assert result.notes[0].start_time == 2.0
    assert {(n.instrument, n.program, n.velocity) for n in result.notes} == {(2, 19, 70)}


def test_a_section_does_not_begin_in_silence() -> None:
    result = make(WrittenProgram(END)).generate(NoteSequence(), options(1.0, 2.0, top_k=1))
    assert [note.start_time for note in result.notes] == [1.0]


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("start", "end"), [(0.0, 0.03), (0.51, 1.27), (2.25, 2.9)])
def test_whatever_is_drawn_lies_in_its_section(start: float, end: float, seed: int) -> None:
    """Also where every id is as likely as any other."""
    result = make(WrittenProgram()).generate(primer(), options(start, end, seed=seed))
    validate(result)
    assert result.notes[0].start_time == start
    assert all(start <= note.start_time < note.end_time <= end for note in result.notes)
    order = [(note.start_time, note.pitch) for note in result.notes]
    assert order == sorted(order)
    assert len(set(order)) == len(order)
    assert result.total_time == end


def test_pieces_of_a_stream_are_final_and_in_order() -> None:
    request = options(0.0, 4.0, seed=5, voices=3)
    pieces = list(make(WrittenProgram()).stream(NoteSequence(), request))
    whole = make(WrittenProgram()).generate(NoteSequence(), request)
    assert len(pieces) > 2
    assert [note for piece in pieces for note in piece.notes] == list(whole.notes)
    times = [0.0, *(piece.total_time for piece in pieces)]
    assert times == sorted(times)
    for since, piece in zip(times, pieces, strict=False):
        assert all(since <= note.start_time < piece.total_time for note in piece.notes)


def test_a_long_note_holds_back_what_began_after_it() -> None:
    """No note begins earlier than what is already complete."""
    later = [(HELD + 40, NEW + 60 + step % 5, END) for step in range(40)]
    program = WrittenProgram(NEW + 40, END, *itertools.chain.from_iterable(later))
    pieces = list(make(program).stream(NoteSequence(), options(0.0, 2.0, top_k=1)))
    assert [len(piece.notes) for piece in pieces[:-1]] == [0] * (len(pieces) - 1)
    assert pieces[0].total_time == 0.0
    assert spans(pieces[-1])[0] == (40, 0.0, 2.0)


@pytest.mark.parametrize("voices", [1, 3])
def test_no_more_voices_sound_than_requested(voices: int) -> None:
    result = make(WrittenProgram()).generate(
        NoteSequence(), options(0.0, 4.0, seed=1, voices=voices, top_p=1.0)
    )
    sounding = Counter(
        step
        for note in result.notes
        for step in range(round(note.start_time / 0.125), round(note.end_time / 0.125))
    )
    assert max(sounding.values()) == voices


def test_pitches_stay_in_range_and_scale() -> None:
    request = options(0.0, 2.0, min_pitch=50, max_pitch=70, scale_root=2, scale_intervals="0,4,7")
    result = make(WrittenProgram(NEW + 20)).generate(NoteSequence(), request)
    assert {note.pitch % 12 for note in result.notes} <= {2, 6, 9}
    assert all(50 <= note.pitch <= 70 for note in result.notes)


def test_density_means_more_onsets() -> None:
    def beginnings(density: float) -> int:
        request = options(0.0, 8.0, seed=1, density=density, min_pitch=60, max_pitch=62)
        return len(make(WrittenProgram()).generate(NoteSequence(), request).notes)

    assert beginnings(-2.0) < beginnings(0.0) < beginnings(2.0)


def test_the_program_can_be_chosen() -> None:
    result = make(WrittenProgram()).generate(primer(), options(0.0, 1.0, program=52))
    assert {note.program for note in result.notes} == {52}


@pytest.mark.parametrize(("name", "value"), [("voices", 9), ("density", 2.5), ("program", 128)])
def test_arguments_out_of_range_are_refused(name: str, value: float) -> None:
    with pytest.raises(InvalidArgumentError, match=f"{name} must be"):
        make(WrittenProgram()).generate(NoteSequence(), options(0.0, 1.0, **{name: value}))


def test_the_same_seed_gives_the_same_music() -> None:
    def music(seed: int) -> NoteSequence:
        return make(WrittenProgram()).generate(NoteSequence(), options(0.0, 2.0, seed=seed))

    assert music(1) == music(1)
    assert music(1) != music(2)


def test_a_program_of_another_vocabulary_is_refused() -> None:
    with pytest.raises(BundleError, match="130 events where polyphony has 257"):
        make(WrittenProgram(event_ids=130))
