"""Drum performances to learn from: which stretches, and what came before each event."""

from __future__ import annotations

import numpy as np
import pytest

from magenta_bridge.data.groove import DATASET, past_events, usage
from magenta_bridge.encodings import groove
from magenta_bridge.encodings.groove import KINDS, PAD, REMEMBERED_HITS, SHIFT, Hit
from tests.data.test_drums import BAR, played

START = groove.start_id(2)  # 4/4
# A kick and a hat on each quarter, the hat a little late.
BEATS = [Hit(tick, kind, 80, kind) for tick in range(0, 192, 12) for kind in (0, 2)]


def fed(hits: list[Hit]) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
    """Return the network's input for hits in 4/4."""
    return np.append([START], groove.encode(hits)).astype(np.int32)


def test_a_performance_keeps_its_velocities_and_timing() -> None:
    (tune,) = DATASET.tunes_of([played(BAR * 4)])
    hits = groove.decode(tune.ids)
    assert [hit.tick for hit in hits[:7]] == [0, 12, 24, 30, 36, 48, 60]
    assert {(hit.velocity, hit.offset) for hit in hits} == {(76, 1)}


def test_silence_at_the_ends_goes_in_whole_bars_and_a_long_rest_cuts() -> None:
    rest = [0] * 16
    ids = [*rest, *BAR, *BAR, *rest, *BAR, *rest, *rest, *BAR, *BAR, *rest]
    found = DATASET.tunes_of([played(ids)])
    assert [tune.name for tune in found] == ["a.mid#0", "a.mid#1"]
    assert [groove.decode(tune.ids)[0].tick for tune in found] == [0, 0]


def test_too_little_is_left_out() -> None:
    assert DATASET.tunes_of([played(BAR), played([]), played(BAR * 4, meter=(5, 4))]) == []


def test_a_repeated_bar_is_suggested_event_by_event() -> None:
    """From the second bar on, the bar before says what comes; the eighth bar before never."""
    ids = fed(BEATS)
    past = past_events(ids, 48)
    second = int(np.flatnonzero(np.cumsum(groove.LENGTHS[ids[1:]]) == 48)[0]) + 1
    assert past[second:-1, 0].tolist() == ids[second + 1 :].tolist()
    assert set(past[:second, 0].tolist()) == set(past[:, 3].tolist()) == {PAD}


def test_where_an_earlier_bar_waits_the_shift_to_its_next_hit_is_suggested() -> None:
    ids = fed([Hit(0, 0, 80, 0), Hit(30, 1, 80, 0), Hit(48, 0, 80, 0), Hit(54, 1, 80, 0)])
    past = past_events(ids, 48)[:, 0]
    assert past[-2:].tolist() == [SHIFT + 29 - 6, SHIFT + 24 - 1]


def test_only_the_last_hits_are_remembered() -> None:
    hits = [Hit(tick, 0, 80, 0) for tick in range(0, 48 * 10, 1)]
    past = past_events(fed(hits), 48)
    assert KINDS[past[-1, :2]].tolist() == [9, 9]
    assert past[-1, 3] == PAD  # 384 hits ago
    shares = usage(fed([*hits[:300], *(Hit(600 + tick, 3, 80, 0) for tick in range(128))]))
    assert shares[0].tolist() == [0.0] * 9
    assert (shares[-1, 0], shares[-1, 3]) == (128 / REMEMBERED_HITS, 0.5)


def test_an_epoch_permutes_the_toms_and_keeps_the_rest() -> None:
    (tune,) = DATASET.tunes_of([played([16, 32, 64, 1] * 16)])
    rng = np.random.default_rng(1)
    drawn = [groove.decode(DATASET.augment(tune, rng, (-1, 1))) for _ in range(20)]
    assert {hits[3].kind for hits in drawn} == {0}
    assert {hits[0].kind for hits in drawn} == {4, 5, 6}
    assert DATASET.augment(tune, rng, (0, 0)) is tune.ids


def test_places_are_ticks_of_the_bar() -> None:
    ids = fed(BEATS)
    assert set((DATASET.places(ids) - DATASET.places(ids)[0]).tolist()) == {0, 12, 24, 36}


@pytest.mark.parametrize("first", [0, 17])
def test_a_window_is_a_part_of_the_whole(first: int) -> None:
    ids = fed(BEATS)
    whole, part = DATASET.blank(1, len(ids)), DATASET.blank(1, 20)
    DATASET.fill(whole, 0, ids, 0, len(ids))
    DATASET.fill(part, 0, ids, first, 20)
    for name, values in part.items():
        np.testing.assert_array_equal(values[0], whole[name][0, first : first + 20])
