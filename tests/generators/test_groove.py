"""The groove generator over a program whose logits the tests write."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from numpy.typing import NDArray

from magenta_bridge.encodings import groove
from magenta_bridge.encodings.groove import Hit, hit_id
from magenta_bridge.errors import BundleError
from magenta_bridge.generators.groove import GrooveGenerator, groove_rules
from magenta_bridge.noteseq import NoteSequence
from magenta_bridge.sequences.validate import validate
from tests.generators.fake_program import FakeProgram, generator_of
from tests.generators.section_checks import options
from tests.generators.test_drums import primer

KICK, LATE_HAT = hit_id(Hit(0, 0, 127, 0)), hit_id(Hit(0, 2, 60, 3))
EIGHTH = groove.SHIFT + 5


class BeatProgram(FakeProgram):
    """Prefers a kick, a late and softer hat, and the shift of an eighth behind it, in turn."""

    def __init__(self, event_ids: int = groove.EVENT_IDS) -> None:
        super().__init__("groove", event_ids)

    def logits(self, value: int) -> NDArray[np.float32]:
        logits = super().logits(value)
        behind = EIGHTH if value < groove.SHIFT else KICK
        logits[LATE_HAT if value == KICK else behind] = 30.0
        return logits


class LongShiftProgram(BeatProgram):
    """Prefers the longest shift."""

    def logits(self, value: int) -> NDArray[np.float32]:
        logits = super().logits(value)
        logits[groove.EVENT_IDS - 1] = 60.0
        return logits


def make(program: FakeProgram) -> GrooveGenerator:
    """Return a generator with a program."""
    return generator_of(GrooveGenerator, program)


def test_hits_have_their_own_velocity_and_time() -> None:
    """A late hat is a twelfth of a quarter behind the beat, up to half an offset unevenly."""
    result = make(BeatProgram()).generate(NoteSequence(), options(0.0, 4.0))
    validate(result)
    kicks, hats = ([n for n in result.notes if n.pitch == pitch] for pitch in (36, 42))
    eighths = np.arange(16) / 4
    uneven = 0.5 / 36 / 2
    assert {note.velocity for note in kicks} == {127}
    assert {note.velocity for note in hats} <= set(range(51, 68))
    assert len({note.velocity for note in hats}) > 4
    np.testing.assert_allclose([n.start_time for n in kicks], eighths, atol=uneven)
    np.testing.assert_allclose([n.start_time for n in hats], eighths + 1 / 24, atol=uneven)
    assert {(note.is_drum, note.instrument) for note in result.notes} == {(True, 9)}
    assert result.total_time == 4.0


def test_the_primer_is_read_with_its_timing_and_its_last_rest_is_left_open() -> None:
    program = BeatProgram()
    music = primer((42, 1.5, 60), (44, 1.875 + 1 / 72, 40), (100, 1.75, 90))
    result = make(program).generate(music, options(2.0, 4.0))
    hats = [hit_id(Hit(0, 2, 60, 0)), hit_id(Hit(0, 2, 40, 1))]
    first = [groove.start_id(2), groove.EVENT_IDS - 1, groove.SHIFT + 11, hats[0]]
    assert program.inputs[:6] == [*first, groove.SHIFT + 8, hats[1]]
    assert {note.instrument for note in result.notes} == {3}
    assert result.notes[0].start_time == pytest.approx(2.125, abs=0.01)


def test_from_nothing_a_groove_begins_at_once_with_a_kick_and_a_hat_or_ride() -> None:
    """Although the program prefers to wait."""
    for seed in range(5):
        result = make(LongShiftProgram()).generate(NoteSequence(), options(1.0, 3.0, seed=seed))
        assert {note.start_time < 1.09 for note in result.notes[:2]} == {True}
        kick, keeper = sorted(note.pitch for note in result.notes[:2])
        assert kick == 36
        assert keeper in (42, 46, 51)


def test_a_pause_is_at_most_two_bars() -> None:
    result = make(LongShiftProgram()).generate(NoteSequence(), options(0.0, 30.0))
    begins = [note.start_time for note in result.notes]
    assert len(begins) > 4
    assert np.diff([*begins, 30.0]).max() <= 4.1


@pytest.mark.parametrize(("start", "end"), [(0.0, 0.005), (0.51, 1.77), (2.25, 2.9)])
def test_every_hit_lies_within_an_odd_section(start: float, end: float) -> None:
    result = make(BeatProgram()).generate(primer(), options(start, end, density=2.0))
    assert result.notes
    assert all(start <= note.start_time < note.end_time <= end for note in result.notes)
    assert result.total_time == end


@pytest.mark.parametrize("temperature", [1.0, 4.0])
def test_pieces_of_a_stream_are_the_whole_in_order(temperature: float) -> None:
    """Also where hits are early and late without a pattern; no drum sounds twice at once."""
    request = options(0.0, 8.0, seed=5, temperature=temperature)
    pieces = list(make(BeatProgram()).stream(NoteSequence(), request))
    notes = [note for piece in pieces for note in piece.notes]
    assert notes == list(make(BeatProgram()).generate(NoteSequence(), request).notes)
    assert [note.start_time for note in notes] == sorted(note.start_time for note in notes)
    for before, piece in zip([0.0, *(each.total_time for each in pieces)], pieces, strict=False):
        assert all(before <= note.start_time <= piece.total_time for note in piece.notes)
    for pitch in {note.pitch for note in notes}:
        same = [note for note in notes if note.pitch == pitch]
        assert all(a.end_time <= b.start_time for a, b in itertools.pairwise(same))


def test_density_means_more_hits() -> None:
    def hits(density: float) -> int:
        request = options(0.0, 8.0, seed=1, density=density, temperature=4.0)
        return len(make(BeatProgram()).generate(NoteSequence(), request).notes)

    assert hits(-2.0) < hits(0.0) < hits(2.0)


@pytest.mark.parametrize("gap", [0, 1, 24])
def test_the_grammar_gives_ids_that_decode_and_encode_return(gap: int) -> None:
    """Walked at random, but for the lengths of shifts in a row."""
    rng, rules, ids = np.random.default_rng(1), groove_rules(gap), []
    rule = rules.first
    for _ in range(60):
        allowed = np.flatnonzero(rules.allowed[rule])
        hits = allowed[allowed < groove.SHIFT]
        ids.append(int(rng.choice(hits if len(hits) and rng.random() < 0.5 else allowed[-3:])))
        rule = int(rules.following[rule, ids[-1]])
    assert groove.LENGTHS[ids[0]] >= gap
    assert gap or ids[0] < groove.SHIFT
    end = int(groove.LENGTHS[ids].sum())
    again = groove.encode(groove.decode(ids), end_tick=end)
    assert [value for value in again if value < groove.SHIFT] == [
        value for value in ids if value < groove.SHIFT
    ]


def test_a_program_of_another_vocabulary_is_refused() -> None:
    with pytest.raises(BundleError):
        make(BeatProgram(130))
