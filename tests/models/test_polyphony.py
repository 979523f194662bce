"""The polyphony network follows the structure of frames before training."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from magenta_bridge.encodings import polyphony
from magenta_bridge.encodings.meters import METERS
from magenta_bridge.encodings.polyphony import END, HELD, NEW
from tests.models.tiny import as_array, draw_fed, tiny_network, window

SHORT = METERS.index((3, 8))  # six frames per bar
# Order of the gates: hold or repeat the next pitch of the last frame, copy the last bar.
HOLD, STRIKE, BAR_AGO = range(3)


@pytest.fixture
def network() -> keras.Model:
    """A small network with random weights."""
    return tiny_network("gru", "polyphony")


def follow(network: keras.Model, gate: int) -> None:
    """Set the gates so that the network only copies in one way."""
    for weights in (*network.logits.weights, *network.gates.weights):
        weights.assign(keras.ops.zeros_like(weights))
    network.gates.bias.assign(np.eye(4, dtype=np.float32)[gate] * 9.0)


def choices(network: keras.Model, ids: list[int]) -> list[int]:
    """Return the likeliest id after each id of a piece."""
    fed = np.array([polyphony.start_id(SHORT), *ids, END], dtype=np.int32)
    inputs, _, _ = window("polyphony", [fed])
    return [int(value) for value in as_array(network(inputs))[0].argmax(axis=-1)]


def test_invalid_ids_have_no_probability(network: keras.Model) -> None:
    """These are exactly the ids that the grammar forbids."""
    fed = draw_fed("polyphony", SHORT, 6)
    inputs, _, _ = window("polyphony", [fed])
    logits = as_array(network(inputs))[0]
    before, now, lowest = np.zeros(128, np.bool_), np.zeros(128, np.bool_), 0
    for step, value in enumerate(fed[1:].tolist()):
        allowed = polyphony.grammar_mask(before, lowest=lowest)
        np.testing.assert_array_equal(logits[step] > -1e3, allowed)
        pitch = polyphony.pitch_of(value)
        if pitch is None:
            before, now, lowest = now, np.zeros(128, np.bool_), 0
        else:
            now[pitch], lowest = True, pitch + 1


def test_one_gate_holds_a_frame(network: keras.Model) -> None:
    """Each pitch, then the end of the frame."""
    follow(network, HOLD)
    chord, held = [NEW + 50, NEW + 57, END], [HELD + 50, HELD + 57, END]
    assert choices(network, [*chord, *held])[3:6] == held


def test_one_gate_repeats_a_frame(network: keras.Model) -> None:
    """All its pitches, whether they were onsets or held."""
    follow(network, STRIKE)
    chord = [NEW + 50, NEW + 57, END]
    assert choices(network, [*chord, *chord])[3:5] == chord[:2]


def test_one_gate_repeats_a_bar(network: keras.Model) -> None:
    """Onsets, held notes, and silence are copied."""
    follow(network, BAR_AGO)
    bar = [NEW + 50, NEW + 57, END, HELD + 50, NEW + 60, END, *[END] * 4]
    found = choices(network, [*bar, *bar, *bar])
    assert found[len(bar) : 3 * len(bar)] == bar * 2
