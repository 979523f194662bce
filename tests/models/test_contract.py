"""What every network of the registry must do; a new family is tested by being there."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest

from magenta_bridge.data.registry import material_for
from magenta_bridge.encodings.meters import METERS
from magenta_bridge.errors import NotFoundError
from magenta_bridge.models.registry import build_network, network_kinds
from tests.models.tiny import (
    as_array,
    draw_fed,
    memory_parts,
    step_through,
    tiny_network,
    window,
)

SHORT, LONG = METERS.index((3, 8)), METERS.index((6, 8))
BARS = 10  # beyond the eight bars that a network looks back
ATTENDING = [(*kind, 0) for kind in network_kinds()] + [("gru", "melody", 5)]


@pytest.fixture(scope="module", params=ATTENDING, ids=lambda kind: "-".join(map(str, kind)))
def kind(request: pytest.FixtureRequest) -> tuple[str, str, int]:
    """Family, encoding, and how many steps are attended to."""
    found: tuple[str, str, int] = request.param
    return found


@pytest.fixture(scope="module")
def encoding(kind: tuple[str, str, int]) -> str:
    """The network's encoding."""
    return kind[1]


@pytest.fixture(scope="module")
def network(kind: tuple[str, str, int]) -> keras.Model:
    """A small network with drawn weights; tests leave it as it is."""
    return tiny_network(kind[0], kind[1], attention_steps=kind[2])


def test_full_pass_gives_logits_for_every_step(network: keras.Model, encoding: str) -> None:
    """Logits are (batch, steps, events) and finite."""
    pieces = [draw_fed(encoding, SHORT, BARS), draw_fed(encoding, LONG, BARS)]
    inputs, targets, _ = window(encoding, pieces)
    logits = as_array(network(inputs))
    assert logits.shape == (*targets.shape, material_for(encoding).event_ids)
    assert np.isfinite(logits).all()


def test_step_keeps_the_shapes_of_its_state(network: keras.Model, encoding: str) -> None:
    """A step gives (batch, events) and a state like the one it was given."""
    state = network.initial_state(3)
    start = material_for(encoding).event_ids
    logits, after = network.step(keras.ops.full((3,), start, dtype="int32"), state)
    assert as_array(logits).shape == (3, start)
    assert [part.shape for part in after] == [part.shape for part in state]
    assert [part.dtype for part in after] == [part.dtype for part in state]


def test_state_begins_as_zeros(network: keras.Model) -> None:
    """A runtime needs no table of beginnings."""
    assert not any(as_array(part).any() for part in network.initial_state(2))


def test_start_id_resets_all_but_the_memory(network: keras.Model, encoding: str) -> None:
    """After another start id nothing is left of the first piece but the layers' memory."""
    used_ids = np.stack([draw_fed(encoding, SHORT, 3, seed)[:18] for seed in (1, 2)])
    _, used = step_through(network, used_ids, network.initial_state(2))
    start = np.full((2, 1), material_for(encoding).event_ids, dtype=np.int32)
    _, restarted = step_through(network, start, used)
    _, fresh = step_through(network, start, network.initial_state(2))
    kept = len(fresh) - memory_parts(network)
    for one, other in zip(restarted[:kept], fresh[:kept], strict=True):
        np.testing.assert_array_equal(as_array(one), as_array(other))


def test_steps_equal_the_full_pass(network: keras.Model, encoding: str) -> None:
    """One id at a time leads to the logits of the whole piece at once, in each meter."""
    pieces = [draw_fed(encoding, SHORT, BARS), draw_fed(encoding, LONG, BARS)]
    inputs, targets, weights = window(encoding, pieces)
    whole = as_array(network(inputs))
    real = weights > 0
    ids = np.where(real, inputs["ids"], 0)  # the shorter piece is padded
    stepped, _ = step_through(network, ids, network.initial_state(len(targets)))
    np.testing.assert_allclose(stepped[real], whole[real], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("cut", [1, 7, 53])
def test_steps_equal_a_window_from_the_middle(
    network: keras.Model, encoding: str, cut: int
) -> None:
    """The inputs stand for the part before; only the layers' memory starts again."""
    fed = draw_fed(encoding, SHORT, BARS)
    inputs, _, _ = window(encoding, [fed], first=cut)
    whole = as_array(network(inputs))
    _, state = step_through(network, fed[None, :cut], network.initial_state(1))
    kept = len(state) - memory_parts(network)
    forgetful = state[:kept] + [keras.ops.zeros_like(part) for part in state[kept:]]
    stepped, _ = step_through(network, fed[None, cut:-1], forgetful)
    np.testing.assert_allclose(stepped, whole, rtol=1e-4, atol=1e-5)


def test_rows_of_a_batch_do_not_touch(network: keras.Model, encoding: str) -> None:
    """A piece gets the same logits alone and beside another one."""
    pieces = [draw_fed(encoding, SHORT, 4), draw_fed(encoding, SHORT, 4, seed=1)]
    inputs, _, _ = window(encoding, pieces)
    both = as_array(network(inputs))
    alone = as_array(network({name: values[1:] for name, values in inputs.items()}))
    np.testing.assert_allclose(both[1:], alone, rtol=1e-4, atol=1e-5)


def test_configuration_makes_the_same_network(network: keras.Model) -> None:
    """``from_config(get_config())`` has the same configuration and the same shapes."""
    again = type(network).from_config(network.get_config())
    again.build()
    assert again.get_config() == network.get_config()
    assert [w.shape for w in again.weights] == [w.shape for w in network.weights]


def test_saved_network_loads_as_it_was(network: keras.Model, encoding: str, tmp_path: Path) -> None:
    """The Keras archive brings back weights and logits bit for bit."""
    network.save(tmp_path / "network.keras")
    loaded = keras.saving.load_model(tmp_path / "network.keras")
    for one, other in zip(network.get_weights(), loaded.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    inputs, _, _ = window(encoding, [draw_fed(encoding, SHORT, 2)])
    np.testing.assert_array_equal(as_array(network(inputs)), as_array(loaded(inputs)))


def test_equal_seeds_draw_equal_weights(kind: tuple[str, str, int], network: keras.Model) -> None:
    """Weights depend on the seed, and on nothing else."""
    family, encoding, attention = kind
    same = tiny_network(family, encoding, attention_steps=attention)
    other = tiny_network(family, encoding, seed=4, attention_steps=attention)
    pairs = list(zip(network.get_weights(), same.get_weights(), strict=True))
    assert all(np.array_equal(one, again) for one, again in pairs)
    assert any(
        not np.array_equal(one, again)
        for one, again in zip(network.get_weights(), other.get_weights(), strict=True)
    )


def test_one_training_step_lowers_the_loss(kind: tuple[str, str, int]) -> None:
    """The gradient reaches the weights and points downhill."""
    learner = tiny_network(kind[0], kind[1], attention_steps=kind[2])
    learner.compile(
        optimizer=keras.optimizers.Adam(1e-2),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    batch = window(kind[1], [draw_fed(kind[1], SHORT, 4), draw_fed(kind[1], LONG, 4)])
    before = learner.test_on_batch(*batch)
    learner.train_on_batch(*batch)
    assert learner.test_on_batch(*batch) < before


def test_unknown_kinds_and_arguments_are_refused() -> None:
    """The message names what there is."""
    family, encoding = network_kinds()[0]
    with pytest.raises(NotFoundError, match=f"{family} with {encoding}"):
        build_network("abacus", encoding, {})
    with pytest.raises(NotFoundError, match="beads"):
        build_network(family, encoding, {"beads": 7})
    with pytest.raises(NotFoundError, match="attention must see"):
        build_network(family, encoding, {"attention_steps": -1})
