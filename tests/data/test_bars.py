"""Tunes as bars in the white keys, and the batches that the adversarial family learns from."""

from __future__ import annotations

import numpy as np
import pytest

from magenta_bridge.data.bars import BarSampler, Batch, GeneratedHistory, bars_of, first_step
from magenta_bridge.data.dataset import Tune
from magenta_bridge.encodings import bars as pianoroll
from magenta_bridge.encodings.meters import METERS, bar_steps
from tests.data.pieces import draw_tune

SPAN = pianoroll.HISTORY_BARS


def tune_of(ids: list[int], meter: tuple[int, int] = (4, 4)) -> Tune:
    """Return a tune of melody event ids."""
    return Tune("a.mid#0", "", METERS.index(meter), np.array(ids, dtype=np.int32))


def sampler(**changes: int) -> BarSampler:
    """Return batches of eight bars of four drawn tunes of seven bars."""
    tunes = [draw_tune(seed, 7 * 16) for seed in range(4)]
    return BarSampler(tunes, tracks=1, **{"batch": 8, "seed": 3, **changes})


@pytest.mark.parametrize("meter", METERS)
def test_only_bars_that_fit_are_learned(meter: tuple[int, int]) -> None:
    """Short bars go in pairs; bars of more than a whole note are left out."""
    steps = int(bar_steps(*meter))
    found = bars_of(draw_tune(1, 8 * steps, meter=meter), 1)
    if steps > pianoroll.STEPS:
        assert found is None
        return
    assert found is not None
    kind, bars = found
    bar = pianoroll.BAR_STEPS[kind]
    assert bars.shape == (8 * steps // bar, 1, pianoroll.STEPS)
    assert (bars[:, :, bar:] == 0).all()


def test_music_goes_to_the_white_keys_from_its_first_note_on_a_bar_line() -> None:
    """D major, after a silent bar and one that begins with a rest."""
    rest = [0] * 16
    late = [0, 0, 64, *[0] * 13]
    scale = [pitch + 2 for pitch in (62, 64, 66, 67, 69, 71, 73, 74)]
    first, second = ([id_ for pitch in half for id_ in (pitch, 0, 0, 0)] for half in
                     (scale[:4], scale[4:]))  # fmt: skip
    found = bars_of(tune_of([*rest, *late, *first, *second]), 1)
    assert found is not None
    kind, bars = found
    assert (kind, len(bars)) == (0, 2)
    assert first_step(tune_of([*rest, *late, *first, *second]), 1) == 32
    classes = (bars[bars >= 2] - 2 + pianoroll.LOWEST[0]) % 12
    assert classes.tolist() == [0, 2, 4, 5, 7, 9, 11, 0]


def test_what_never_begins_on_a_bar_line_is_left_out() -> None:
    assert bars_of(tune_of([0, 64, *[0] * 14] * 4), 1) is None


def _batches(one: BarSampler, epoch: int, history: GeneratedHistory | None = None) -> list[Batch]:
    return [batch for (batch,) in one.batches(epoch, history)]


def test_a_bar_comes_behind_the_bars_before_it() -> None:
    one = sampler()
    songs = {song[place].tobytes(): (song, place) for song in one.songs for place in range(7)}
    drawn = set()
    for batch in _batches(one, 0):
        for previous, bar in zip(batch["previous"], batch["bar"], strict=True):
            song, place = songs[bar.astype(np.int32).tobytes()]
            drawn.add(bar.tobytes())
            heard = min(place, SPAN)
            assert np.array_equal(previous[SPAN - heard :], song[place - heard : place])
            assert (previous[: SPAN - heard] == pianoroll.PAD).all()
    assert len(drawn) == one.batch_count() * 8 == 24  # of 28 bars; each once at most


def test_an_epoch_is_decided_by_seed_and_number() -> None:
    one, again, other = (_batches(sampler(seed=seed), 2) for seed in (3, 3, 4))
    for name in one[0]:
        assert all(np.array_equal(a[name], b[name]) for a, b in zip(one, again, strict=True))
    assert not all(np.array_equal(a["bar"], b["bar"]) for a, b in zip(one, other, strict=True))
    assert not np.array_equal(one[0]["bar"], _batches(sampler(), 1)[0]["bar"])


def test_noise_is_standard_normal_and_as_much_as_there_are_choices() -> None:
    noise = np.concatenate([batch["noise"] for batch in _batches(sampler(), 0)])
    assert noise.shape == (24, pianoroll.STEPS * pianoroll.EVENT_IDS)
    assert abs(noise.mean()) < 0.05
    assert abs(noise.std() - 1.0) < 0.05


def test_dreams_stand_before_a_bar_in_its_meter_and_place() -> None:
    """Songs generated in each kind of meter are distinguished by their ids."""
    kinds = np.array([0, 1, 2, 0], dtype=np.int32)
    songs = np.empty((4, 20, 1, pianoroll.STEPS), dtype=np.int32)
    songs[:] = np.arange(2, 6)[:, None, None, None] + np.arange(20)[None, :, None, None]
    history, rng = GeneratedHistory(songs, kinds), np.random.default_rng(1)
    for kind in range(3):
        opening = history.before(kind, 3, rng)
        assert (opening[: SPAN - 3] == pianoroll.PAD).all()
        assert (opening[SPAN - 3 :] < pianoroll.PAD).all()
        later = [history.before(kind, 50, rng)[:, 0, 0] for _ in range(20)]
        assert all((np.diff(each) == 1).all() for each in later)
    begun = {int(history.before(1, 50, rng)[0, 0, 0]) for _ in range(100)}
    assert begun == set(range(3, 3 + 20 - SPAN + 1))


def test_without_dreams_real_bars_stand_for_them() -> None:
    batch = _batches(sampler(), 0)[0]
    assert np.array_equal(batch["generated"], batch["previous"])
