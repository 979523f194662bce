"""What every network of the registry must do; a new family is tested by being there."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest

from magenta_bridge.encodings import melody
from magenta_bridge.errors import NotFoundError
from magenta_bridge.models.registry import build_network, network_kinds
from tests.models.tiny import as_array, one_batch, step_through, tiny_network

METERS = (melody.METERS.index((3, 8)), melody.METERS.index((6, 8)))
BARS = 10  # beyond the eight bars that a network looks back


@pytest.fixture(scope="module", params=network_kinds(), ids="-".join)
def kind(request: pytest.FixtureRequest) -> tuple[str, str]:
    """Family and encoding."""
    found: tuple[str, str] = request.param
    return found


@pytest.fixture(scope="module")
def network(kind: tuple[str, str]) -> keras.Model:
    """A small network with drawn weights; tests leave it as it is."""
    return tiny_network(*kind)


def test_full_pass_gives_logits_for_every_step(network: keras.Model) -> None:
    """Logits are (batch, steps, events) and finite."""
    inputs, targets, _ = one_batch(METERS, bars=BARS)
    logits = as_array(network(inputs))
    assert logits.shape == (*targets.shape, melody.EVENT_IDS)
    assert np.isfinite(logits).all()


def test_step_keeps_the_shapes_of_its_state(network: keras.Model) -> None:
    """A step gives (batch, events) and a state like the one it was given."""
    state = network.initial_state(3)
    ids = keras.ops.convert_to_tensor(np.full(3, melody.start_id(0), dtype=np.int32))
    logits, after = network.step(ids, state)
    assert as_array(logits).shape == (3, melody.EVENT_IDS)
    assert [part.shape for part in after] == [part.shape for part in state]
    assert [part.dtype for part in after] == [part.dtype for part in state]


def test_state_begins_as_zeros(network: keras.Model) -> None:
    """A runtime needs no table of beginnings."""
    assert not any(as_array(part).any() for part in network.initial_state(2))


def test_start_id_resets_history_and_clock(network: keras.Model) -> None:
    """After another start id nothing is left of the first piece but the layers' memory."""
    inputs, _, _ = one_batch(METERS, bars=3)
    _, used = step_through(network, inputs["ids"][:, :18], network.initial_state(2))
    start = np.full((2, 1), melody.start_id(2), dtype=np.int32)
    _, restarted = step_through(network, start, used)
    _, fresh = step_through(network, start, network.initial_state(2))
    for one, other in zip(restarted, fresh, strict=True):
        if not keras.backend.is_float_dtype(one.dtype):
            np.testing.assert_array_equal(as_array(one), as_array(other))


def test_steps_equal_the_full_pass(network: keras.Model) -> None:
    """One id at a time leads to the logits of the whole piece at once, in each meter."""
    inputs, targets, weights = one_batch(METERS, bars=BARS)
    whole = as_array(network(inputs))
    real = weights > 0
    ids = np.where(real, inputs["ids"], 0)  # the shorter piece is padded
    stepped, _ = step_through(network, ids, network.initial_state(len(targets)))
    np.testing.assert_allclose(stepped[real], whole[real], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("cut", [1, 7, 53])
def test_steps_equal_a_window_from_the_middle(network: keras.Model, cut: int) -> None:
    """History and position stand for the part before; only the layers' memory begins anew."""
    inputs, _, _ = one_batch(METERS[:1], bars=BARS)
    before, ids = inputs["ids"][:, :cut], inputs["ids"][:, cut:]
    history = np.concatenate([inputs["history"], before], axis=1)[:, -inputs["history"].shape[1] :]
    bar = int(melody.bar_steps(*melody.METERS[METERS[0]]))
    position = np.array([cut % bar], dtype=np.int32)
    whole = as_array(network({**inputs, "ids": ids, "history": history, "position": position}))
    _, state = step_through(network, before, network.initial_state(1))
    forgetful = [
        keras.ops.zeros_like(part) if keras.backend.is_float_dtype(part.dtype) else part
        for part in state
    ]
    stepped, _ = step_through(network, ids, forgetful)
    np.testing.assert_allclose(stepped, whole, rtol=1e-4, atol=1e-5)


def test_rows_of_a_batch_do_not_touch(network: keras.Model) -> None:
    """A piece gets the same logits alone and beside another one."""
    inputs, _, _ = one_batch(METERS, bars=4)
    both = as_array(network(inputs))
    alone = as_array(network({name: values[1:] for name, values in inputs.items()}))
    np.testing.assert_allclose(both[1:], alone, rtol=1e-4, atol=1e-5)


def test_configuration_makes_the_same_network(network: keras.Model) -> None:
    """``from_config(get_config())`` has the same configuration and the same shapes."""
    again = type(network).from_config(network.get_config())
    again.build()
    assert again.get_config() == network.get_config()
    assert [w.shape for w in again.weights] == [w.shape for w in network.weights]


def test_saved_network_loads_as_it_was(network: keras.Model, tmp_path: Path) -> None:
    """The Keras archive brings back weights and logits bit for bit."""
    network.save(tmp_path / "network.keras")
    loaded = keras.saving.load_model(tmp_path / "network.keras")
    for one, other in zip(network.get_weights(), loaded.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    inputs, _, _ = one_batch(METERS, bars=2)
    np.testing.assert_array_equal(as_array(network(inputs)), as_array(loaded(inputs)))


def test_equal_seeds_draw_equal_weights(kind: tuple[str, str], network: keras.Model) -> None:
    """Weights depend on the seed, and on nothing else."""
    same, other = tiny_network(*kind), tiny_network(*kind, seed=4)
    pairs = list(zip(network.get_weights(), same.get_weights(), strict=True))
    assert all(np.array_equal(one, again) for one, again in pairs)
    assert any(
        not np.array_equal(one, again)
        for one, again in zip(network.get_weights(), other.get_weights(), strict=True)
    )


def test_one_training_step_lowers_the_loss(kind: tuple[str, str]) -> None:
    """The gradient reaches the weights and points downhill."""
    learner = tiny_network(*kind)
    learner.compile(
        optimizer=keras.optimizers.Adam(1e-2),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    inputs, targets, weights = one_batch(METERS, bars=4)
    before = learner.test_on_batch(inputs, targets, weights)
    learner.train_on_batch(inputs, targets, weights)
    assert learner.test_on_batch(inputs, targets, weights) < before


def test_unknown_kinds_and_arguments_are_refused() -> None:
    """The message names what there is."""
    family, encoding = network_kinds()[0]
    with pytest.raises(NotFoundError, match=f"{family} with {encoding}"):
        build_network("abacus", encoding, {})
    with pytest.raises(NotFoundError, match="beads"):
        build_network(family, encoding, {"beads": 7})
