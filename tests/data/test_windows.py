"""Windows cover every step once an epoch and tell the network where they stand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from magenta_bridge.data.dataset import Tune
from magenta_bridge.data.melody import DATASET
from magenta_bridge.data.melody import HISTORY_STEPS as HISTORY
from magenta_bridge.data.windows import Window, WindowSampler
from magenta_bridge.encodings import melody
from tests.data.pieces import draw_tune


def sampler(
    tunes: list[Tune],
    *,
    window_steps: int = 24,
    batch: int = 4,
    transpose: tuple[int, int] = (0, 0),
    seed: int = 5,
) -> WindowSampler:
    """Return a sampler of small windows."""
    return WindowSampler(
        tunes,
        DATASET,
        window_steps=window_steps,
        batch=batch,
        transpose=transpose,
        seed=seed,
    )


def plain(windows: list[Window]) -> list[tuple[list[int], int, int]]:
    """Return windows as values that can be compared."""
    return [(window.ids.tolist(), window.first, window.steps) for window in windows]


def semitones(window: Window) -> int:
    """Return how far a window's tune was moved."""
    moved = set((window.ids[1:] - window.tune.ids).tolist()) - {0}
    assert len(moved) <= 1
    return int(moved.pop()) if moved else 0


@given(
    lengths=st.lists(st.integers(1, 90), min_size=1, max_size=6),
    window_steps=st.integers(1, 40),
    epoch=st.integers(0, 5),
)
def test_windows_cover_every_step_once(lengths: list[int], window_steps: int, epoch: int) -> None:
    """Each tune is cut into the fewest windows without gap or overlap."""
    tunes = [draw_tune(seed, length) for seed, length in enumerate(lengths)]
    windows = sampler(tunes, window_steps=window_steps).windows(epoch)
    for tune in tunes:
        parts = sorted((w.first, w.first + w.steps) for w in windows if w.tune is tune)
        assert [part[0] for part in parts] == [0, *(part[1] for part in parts[:-1])]
        assert parts[-1][1] == len(tune.ids)
        assert all(0 < end - begin <= window_steps for begin, end in parts)
        assert len(parts) == -(-len(tune.ids) // window_steps)


def test_weights_mark_padding() -> None:
    """Every batch is full size; what is filled up has weight 0, and no real step has."""
    tunes = [draw_tune(seed, 50 + seed) for seed in range(5)]
    deal = sampler(tunes)
    batches = list(deal.batches(0))
    assert len(batches) == deal.batch_count(0) == 4
    for inputs, targets, weights in batches:
        assert targets.shape == weights.shape == inputs["ids"].shape == (4, 24)
        assert inputs["history"].shape == (4, HISTORY)
        np.testing.assert_array_equal(weights > 0, inputs["ids"] != melody.PAD)
        assert not targets[weights == 0].any()
    assert sum(weights.sum() for _, _, weights in batches) == sum(len(t.ids) for t in tunes)


def test_epochs_are_reproducible_and_differ() -> None:
    """Seed and epoch decide order, cuts and transposition, however often they are asked for."""
    tunes = [draw_tune(seed) for seed in range(8)]
    deal = sampler(tunes, transpose=(-5, 6))
    first = plain(deal.windows(0))
    deal.windows(3)
    again = plain(sampler(tunes, transpose=(-5, 6)).windows(0))
    assert plain(deal.windows(0)) == first == again
    assert plain(deal.windows(1)) != first
    assert plain(sampler(tunes, transpose=(-5, 6), seed=6).windows(0)) != first


def test_transposition_stays_in_its_bounds() -> None:
    """Every transposition of the range occurs, no other, and one for all windows of a tune."""
    tunes = [draw_tune(seed) for seed in range(60)]
    windows = sampler(tunes, transpose=(-2, 3)).windows(0)
    assert {semitones(window) for window in windows} == set(range(-2, 4))
    for tune in tunes:
        assert len({semitones(window) for window in windows if window.tune is tune}) == 1


@pytest.mark.parametrize(("pitch", "moves"), [(126, {-3, 1}), (2, {-2, 3}), (60, {-3, 3})])
def test_transposition_keeps_pitches_in_the_keyboard(pitch: int, moves: set[int]) -> None:
    """A tune at the edge moves as far as it can, interval by interval intact."""
    ids = np.full(32, pitch + melody.EVENT_OFFSET, dtype=np.int32)
    deal = sampler([Tune("edge#0", "", 0, ids, ids - melody.EVENT_OFFSET)], transpose=(-3, 3))
    drawn = {semitones(window) for epoch in range(60) for window in deal.windows(epoch)}
    assert {min(drawn), max(drawn)} == moves


def test_tune_without_notes_is_not_moved() -> None:
    """Silence has no key."""
    deal = sampler([Tune("rest#0", "", 0, np.zeros(32, dtype=np.int32))], transpose=(3, 3))
    assert {semitones(window) for window in deal.windows(0)} == {0}


@pytest.mark.parametrize("meter", [(4, 4), (6, 8), (3, 8)])
def test_windows_know_what_came_before_and_where_they_are(meter: tuple[int, int]) -> None:
    """History ends right before the window, position is its place in the bar."""
    tune = draw_tune(3, 90, meter=meter)
    deal = sampler([tune], transpose=(2, 2), batch=1)
    ids = melody.transpose_ids(tune.ids, 2)
    fed = [*[melody.PAD] * HISTORY, melody.start_id(tune.meter), *ids.tolist()]
    for window, (inputs, targets, _) in zip(deal.windows(2), deal.batches(2), strict=True):
        first, steps = window.first, window.steps
        assert inputs["history"][0].tolist() == fed[first : first + HISTORY]
        begin = first + HISTORY
        assert inputs["ids"][0, :steps].tolist() == fed[begin : begin + steps]
        assert targets[0, :steps].tolist() == ids[first : first + steps].tolist()
        assert inputs["meter"].tolist() == [tune.meter]
        assert inputs["position"].tolist() == [first % int(melody.bar_steps(*meter))]
