"""Drum performances as ids: sixteenths and triplets, velocities, timing, one way to write."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from magenta_bridge.encodings import groove
from magenta_bridge.encodings.groove import Hit
from magenta_bridge.errors import InvalidSequenceError
from magenta_bridge.noteseq import NoteSequence

HITS = st.dictionaries(
    st.tuples(st.integers(0, 200), st.integers(0, 8)),
    st.tuples(st.integers(0, 7).map(lambda index: 17 * index + 8), st.integers(-4, 4)),
    max_size=20,
).map(lambda found: [Hit(*key, *found[key]) for key in sorted(found)])


def played(*hits: tuple[int, float, int]) -> list[Hit]:
    """Return the hits of notes, given as pitch, quarter and velocity."""
    music = NoteSequence()
    for pitch, quarter, velocity in hits:
        music.notes.add(pitch=pitch, start_time=quarter, velocity=velocity, is_drum=True)
    return groove.hits_of(music, np.array([quarter for _, quarter, _ in hits]))


@given(HITS, st.integers(0, 60))
def test_any_hits_survive_encode_and_decode(hits: list[Hit], rest: int) -> None:
    """But for the velocity, of which the bin survives."""
    end = (hits[-1].tick if hits else 0) + rest
    ids = groove.encode(hits, end_tick=end)
    found = groove.decode(ids)
    assert [(hit.tick, hit.kind, hit.offset) for hit in found] == [
        (hit.tick, hit.kind, hit.offset) for hit in hits
    ]
    assert list(map(groove.velocities, (hit.velocity for hit in found))) == list(
        map(groove.velocities, (hit.velocity for hit in hits))
    )
    assert groove.LENGTHS[ids].sum() == end
    assert groove.encode(found, end_tick=end).tolist() == ids.tolist()


def test_every_velocity_is_in_its_bin_and_a_bin_is_no_wider_than_an_eighth() -> None:
    for velocity in range(groove.velocities(1)[0], 119):
        softest, loudest = groove.velocities(velocity)
        assert softest <= velocity <= loudest < softest + 17
    assert groove.velocities(127) == (127, 127)


def test_hits_played_by_hand_are_on_sixteenths_early_or_late() -> None:
    """A kick early by 1/36 of a quarter, a hat with it, a snare late by 2/36."""
    found = played((36, 1 - 1 / 36, 100), (42, 1.0, 30), (38, 1.25 + 2 / 36, 90))
    assert found == [Hit(12, 0, 100, -1), Hit(12, 2, 30, 0), Hit(15, 1, 90, 2)]


def test_triplets_and_sixteenths_stand_beside_each_other() -> None:
    """Each quarter is read on the grid that is nearer; a shuffle stays one."""
    quarters = [0, 0.34, 0.66, 1.0, 1.26, 1.5, 1.74, 2.0, 2.66, 3.0]
    found = played(*((42, quarter, 80) for quarter in quarters))
    assert [hit.tick for hit in found] == [0, 4, 8, 12, 15, 18, 21, 24, 32, 36]
    assert all(abs(hit.offset) <= 1 for hit in found)


def test_an_early_downbeat_alone_is_no_triplet() -> None:
    assert played((49, 3.9, 120)) == [Hit(48, 7, 120, -4)]


def test_of_two_hits_on_a_tick_the_louder_counts_and_other_notes_do_not() -> None:
    music = NoteSequence()
    for pitch, is_drum, velocity in ((38, True, 50), (40, True, 90), (38, False, 99), (1, True, 9)):
        music.notes.add(pitch=pitch, velocity=velocity, is_drum=is_drum)
    assert groove.hits_of(music, np.zeros(4)) == [Hit(0, 1, 90, 0)]


def test_hits_moved_before_the_beginning_are_on_it_and_early() -> None:
    hits = [Hit(10, 0, 80, 1), Hit(12, 1, 80, 0)]
    assert groove.moved(hits, -12) == [Hit(0, 0, 80, -4), Hit(0, 1, 80, 0)]


@pytest.mark.parametrize("value", [-1, groove.EVENT_IDS])
def test_an_id_that_is_no_event_is_refused(value: int) -> None:
    with pytest.raises(InvalidSequenceError, match="not a groove event id"):
        groove.decode([value])
