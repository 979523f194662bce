"""The drum generator over a program whose logits the tests write."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from magenta_bridge.encodings import drums
from magenta_bridge.encodings.meters import METERS
from magenta_bridge.errors import BundleError, InvalidArgumentError
from magenta_bridge.generators.bundle import Bundle
from magenta_bridge.generators.drums import DrumsGenerator
from magenta_bridge.generators.loading import make_generator
from magenta_bridge.noteseq import NoteSequence
from magenta_bridge.sequences.validate import validate
from tests.generators.fake_program import FakeProgram, generator_of
from tests.generators.section_checks import options

KICK, HAT = 1, 4


class StraightProgram(FakeProgram):
    """Prefers its latest input; a kick after a start id."""

    def __init__(self, event_ids: int = drums.EVENT_IDS) -> None:
        super().__init__("drums", event_ids)

    def logits(self, value: int) -> NDArray[np.float32]:
        logits = super().logits(value)
        logits[value if value < self.logit_count else KICK] = 3.0
        return logits


def make(program: FakeProgram) -> DrumsGenerator:
    """Return a generator with a program."""
    return generator_of(DrumsGenerator, program)


def primer(*hits: tuple[int, float, int]) -> NoteSequence:
    """Return drum hits (pitch, seconds, velocity) at 120 qpm in 4/4."""
    music = NoteSequence(total_time=2.0)
    music.tempos.add(qpm=120.0)
    music.time_signatures.add(numerator=4, denominator=4)
    for pitch, start, velocity in hits:
        music.notes.add(
            pitch=pitch, velocity=velocity, start_time=start, end_time=start + 0.1,
            is_drum=True, instrument=3,
        )  # fmt: skip
    return music


def test_from_nothing_it_fills_its_section_on_the_drum_channel() -> None:
    program = StraightProgram()
    result = make(program).generate(NoteSequence(), options(0.0, 4.0, top_k=1))
    validate(result)
    assert [note.start_time for note in result.notes] == [step * 0.125 for step in range(32)]
    assert {(n.pitch, n.is_drum, n.instrument) for n in result.notes} == {(36, True, 9)}
    assert result.total_time == 4.0
    assert program.inputs[0] == drums.start_id(METERS.index((4, 4)))


def test_downbeats_are_louder_than_beats_and_those_than_the_rest() -> None:
    result = make(StraightProgram()).generate(NoteSequence(), options(0.0, 2.0, top_k=1))
    loud = [note.velocity for note in result.notes]
    assert loud[0] > loud[4] == loud[8] > loud[2] > loud[1]


def test_the_primer_is_read_and_sets_velocity_and_instrument() -> None:
    program = StraightProgram()
    music = primer((42, 1.5, 60), (44, 1.875, 40), (100, 1.75, 90))
    music.notes.add(pitch=36, velocity=100, start_time=1.625, end_time=1.75)  # not a drum
    result = make(program).generate(music, options(2.0, 4.0, top_k=1))
    assert program.inputs[:17] == [drums.start_id(2), *[0] * 12, HAT, 0, 0, HAT]
    assert {(note.pitch, note.instrument) for note in result.notes} == {(42, 3)}
    assert result.notes[2].velocity == 50
    assert result.notes[0].start_time == 2.0


class SilentProgram(StraightProgram):
    """Prefers silence."""

    def logits(self, value: int) -> NDArray[np.float32]:
        logits = np.zeros_like(super().logits(value))
        logits[drums.SILENCE] = 50.0
        return logits


def test_from_nothing_a_groove_begins_at_once() -> None:
    """The first step has a hit, although the program prefers silence."""
    for seed in range(20):
        request = options(1.0, 3.0, seed=seed)
        result = make(SilentProgram()).generate(NoteSequence(), request)
        assert {note.start_time for note in result.notes} == {1.0}


def test_a_section_may_begin_in_silence() -> None:
    result = make(StraightProgram()).generate(primer((36, 0.0, 80)), options(2.0, 3.0, top_k=1))
    assert not result.notes
    assert result.total_time == 3.0


@pytest.mark.parametrize(("start", "end"), [(0.0, 0.03), (0.51, 1.77), (2.25, 2.9)])
def test_every_hit_lies_within_an_odd_section(start: float, end: float) -> None:
    request = options(start, end, density=2.0)
    result = make(StraightProgram()).generate(primer(), request)
    assert result.notes
    assert all(start <= note.start_time < note.end_time <= end for note in result.notes)
    assert result.total_time == end


def test_pieces_of_a_stream_are_the_whole_in_order() -> None:
    request = options(0.0, 8.0, seed=5)
    pieces = list(make(StraightProgram()).stream(NoteSequence(), request))
    whole = make(StraightProgram()).generate(NoteSequence(), request)
    assert len(pieces) == 4
    assert [note for piece in pieces for note in piece.notes] == list(whole.notes)
    assert [piece.total_time for piece in pieces] == [2.0, 4.0, 6.0, 8.0]
    for piece in pieces:
        assert all(note.end_time <= piece.total_time for note in piece.notes)


def test_density_means_more_hits() -> None:
    def hits(density: float) -> int:
        request = options(0.0, 8.0, seed=1, density=density)
        return len(make(StraightProgram()).generate(NoteSequence(), request).notes)

    assert hits(-2.0) < hits(0.0) < hits(2.0)


def test_a_density_out_of_range_is_refused() -> None:
    with pytest.raises(InvalidArgumentError, match="density must be -2 to 2"):
        make(StraightProgram()).generate(NoteSequence(), options(0.0, 1.0, density=3.0))


def test_the_same_seed_gives_the_same_groove() -> None:
    def groove(seed: int) -> NoteSequence:
        return make(StraightProgram()).generate(NoteSequence(), options(0.0, 4.0, seed=seed))

    assert groove(1) == groove(1)
    assert groove(1) != groove(2)


def test_a_program_of_another_vocabulary_is_refused() -> None:
    with pytest.raises(BundleError, match="130 events where drums has 512"):
        make(StraightProgram(130))


def test_a_bundle_of_this_encoding_is_loaded_although_none_is_included_any_more() -> None:
    program: Any = StraightProgram()
    generator = make_generator(Bundle("mine", "", "", program, b""), "mine.mag")
    assert isinstance(generator, DrumsGenerator)
    assert generator.info.steps_per_quarter == 4
