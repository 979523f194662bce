"""Windows of piano rolls hold every frame that is to be predicted, once an epoch."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from magenta_bridge.pianoroll_benchmark.rolls import PITCHES, Roll, RollSampler


def draw(seed: int, length: int) -> Roll:
    """Draw a roll whose notes stay away from the ends of the keyboard."""
    made = np.zeros((length, PITCHES), dtype=np.uint8)
    made[:, 20:60] = np.random.default_rng(seed).random((length, 40)) < 0.1
    return made


def sampler(
    rolls: list[Roll],
    *,
    output: str = "joint",
    window_steps: int = 16,
    transpose: tuple[int, int] = (0, 0),
    seed: int = 3,
) -> RollSampler:
    """Return a sampler of batches of four."""
    return RollSampler(
        rolls, output, window_steps=window_steps, batch=4, transpose=transpose, seed=seed
    )


@given(
    lengths=st.lists(st.integers(1, 50), min_size=1, max_size=5),
    window_steps=st.integers(1, 20),
    epoch=st.integers(0, 4),
)
def test_every_frame_but_the_first_is_predicted_once(
    lengths: list[int], window_steps: int, epoch: int
) -> None:
    rolls = [draw(seed, length) for seed, length in enumerate(lengths)]
    windows = sampler(rolls, window_steps=window_steps).windows(epoch)
    assert all(2 <= len(window) <= window_steps + 1 for window in windows)
    predicted = sorted(frame.tobytes() for window in windows for frame in window[1:])
    assert predicted == sorted(frame.tobytes() for roll in rolls for frame in roll[1:])


@pytest.mark.parametrize("output", ["sigmoid", "joint"])
def test_batches_weigh_real_choices_alone(output: str) -> None:
    rolls = [draw(seed, 30) for seed in range(3)]
    made = sampler(rolls, output=output)
    batches = list(made.batches(0))
    assert len(batches) == made.batch_count(0) == 2
    frames = 3 * 29
    notes = sum(int(roll[1:].sum()) for roll in rolls)
    weighed = sum(float(weights.sum()) for _, _, weights in batches)
    assert weighed == (frames * PITCHES if output == "sigmoid" else notes + frames)
    sounding = sum(float((weights * (chosen < PITCHES)).sum()) for _, chosen, weights in batches)
    chosen_notes = sum(float((weights * chosen).sum()) for _, chosen, weights in batches)
    assert notes == (chosen_notes if output == "sigmoid" else sounding)


def test_an_epoch_is_the_same_again_and_another_is_another() -> None:
    rolls = [draw(seed, 40) for seed in range(4)]
    one, again = (sampler(rolls, transpose=(-5, 6)).windows(2) for _ in range(2))
    assert [each.tobytes() for each in one] == [each.tobytes() for each in again]
    other = sampler(rolls, transpose=(-5, 6)).windows(3)
    assert [each.tobytes() for each in one] != [each.tobytes() for each in other]


def test_pieces_are_moved_within_the_range_asked_for() -> None:
    roll = draw(1, 20)
    moved = set()
    for epoch in range(60):
        window = sampler([roll], window_steps=19, transpose=(-5, 6)).windows(epoch)[0]
        fits = [n for n in range(-5, 7) if np.array_equal(np.roll(roll, n, axis=1), window)]
        assert len(fits) == 1
        moved.update(fits)
    assert moved == set(range(-5, 7))
