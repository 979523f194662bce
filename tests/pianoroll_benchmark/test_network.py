"""The networks of the published tables predict from the past alone, and by true probabilities."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from numpy.typing import NDArray

from magenta_bridge.pianoroll_benchmark.network import RollNetwork
from magenta_bridge.pianoroll_benchmark.rolls import END, NOTE_IDS, PITCHES, Roll, feed
from magenta_bridge.pianoroll_benchmark.score import NetworkModel

LENGTH = 12
KINDS = list(itertools.product(("lstm", "gru", "rnn"), ("sigmoid", "joint")))


def build(cell: str, output: str, lookback: tuple[int, ...] = ()) -> RollNetwork:
    """Return a small network with weights that differ from one another."""
    network = RollNetwork(cell, (12,), output, chord_units=10, pitch_units=6, lookback=lookback)
    network.build()
    rng = np.random.default_rng(4)
    network.set_weights([rng.normal(0, 0.3, each.shape) for each in network.get_weights()])
    return network


def draw(seed: int, length: int = LENGTH) -> Roll:
    """Draw a roll of a few notes a frame."""
    rng = np.random.default_rng(seed)
    return (rng.random((length, PITCHES)) < 0.05).astype(np.uint8)


def nats(network: RollNetwork, roll: Roll) -> NDArray[np.float64]:
    """Score a roll."""
    return NetworkModel(network).nats(roll)


@pytest.mark.parametrize(("cell", "output"), KINDS)
def test_a_frame_is_predicted_from_those_before_it(cell: str, output: str) -> None:
    """Another frame 7 changes what frame 7 costs and what follows, and nothing before."""
    network = build(cell, output, lookback=(3,))
    roll = draw(1)
    other = roll.copy()
    other[7] = 1 - other[7]
    one, two = nats(network, roll), nats(network, other)
    assert np.allclose(one[:6], two[:6], atol=1e-6)
    assert (np.abs(one[6:] - two[6:]) > 1e-4).all()


def test_lookback_sees_the_frame_at_its_distance() -> None:
    """Without memory of its own, the network sees frame 4 when predicting 5, and 9 = 4 + 5.

    Recurrent weights of zero leave a tanh layer nothing but its input.
    """
    network = build("rnn", "sigmoid", lookback=(5,))
    weights = network.get_weights()
    zeroed = [np.zeros_like(each) if each.shape == (12, 12) else each for each in weights]
    assert sum(each.shape == (12, 12) for each in weights) == 1
    network.set_weights(zeroed)
    roll = draw(2)
    other = roll.copy()
    other[4] = 1 - other[4]
    changed = np.abs(nats(network, roll) - nats(network, other)) > 1e-5
    # Place n of the scores is frame n + 1.
    assert np.nonzero(changed)[0].tolist() == [3, 4, 8]


@pytest.mark.parametrize("output", ["sigmoid", "joint"])
def test_padding_and_neighbors_change_nothing(output: str) -> None:
    network = build("gru", output)
    one, other = draw(3, 9), draw(4)
    inputs, chosen, weights = feed([other, one], output, rows=3, steps=20)
    logits = np.asarray(network.predict_on_batch(inputs), dtype=np.float64)
    picked = np.take_along_axis(logits, chosen[..., None], -1)[..., 0]
    together = ((np.log(np.exp(logits).sum(-1)) - picked) * weights).sum()
    alone = nats(network, one).sum() + nats(network, other).sum()
    assert together == pytest.approx(alone, rel=1e-5)


def test_a_chord_costs_the_product_of_its_notes() -> None:
    """The probabilities of all frames of at most two notes sum to that of at most two notes.

    Every frame asks for a note or the end; so those probabilities, and that of a third note behind
    each pair, sum to 1.
    """
    network = build("lstm", "joint")
    before = draw(5, 3)
    pairs = [
        set(each) for size in range(3) for each in itertools.combinations(range(PITCHES), size)
    ]
    total = 0.0
    for begin in range(0, len(pairs), 512):
        rolls = [_with(before, sounding) for sounding in pairs[begin : begin + 512]]
        inputs, chosen, weights = feed(rolls, "joint", rows=512, steps=3)
        logits = np.asarray(network.predict_on_batch(inputs), dtype=np.float64)
        odds = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
        found = np.take_along_axis(odds, chosen[:, None], -1)[:, 0] * weights
        last_frame = inputs["frame"] % 3 == 2
        row = inputs["frame"] // 3
        reached = np.bincount(row, weights=found * last_frame * (chosen != END), minlength=512)
        ends = odds[:, END] * last_frame * weights * (chosen == END)
        count = len(rolls)
        whole = np.exp(reached + np.bincount(row, weights=ends, minlength=512))[:count]
        sizes = np.array([len(each) for each in pairs[begin : begin + 512]])
        # A pair's own end, or any third note: together all that its two notes were worth.
        total += whole[sizes < 2].sum() + np.exp(reached[:count][sizes == 2]).sum()
    assert total == pytest.approx(1.0, rel=1e-4)


def _with(before: Roll, sounding: set[int]) -> Roll:
    frame = np.zeros((1, PITCHES), dtype=np.uint8)
    frame[0, list(sounding)] = 1
    return np.concatenate([before, frame])


def test_a_note_sees_only_those_below_it() -> None:
    """Notes above the one that is asked for change nothing, and notes not above it get none."""
    network = build("lstm", "joint")
    low, high = _with(draw(6, 3), {10, 30}), _with(draw(6, 3), {10, 30, 50, 70})
    one, two = (
        np.asarray(network.predict_on_batch(feed([each], "joint", rows=1, steps=3)[0]))
        for each in (low, high)
    )
    begin = int(low[1:3].sum()) + 2
    assert np.allclose(one[begin : begin + 2], two[begin : begin + 2], atol=1e-6)
    assert (one[begin + 1, :11] < -1e3).all()
    assert (one[begin + 1, 11:NOTE_IDS] > -1e3).all()


def test_there_is_no_third_output() -> None:
    with pytest.raises(ValueError, match="there is no output 'nade'; there is sigmoid, joint"):
        RollNetwork("lstm", (4,), "nade")
