"""The contract of all networks in the registry; new families are tested automatically."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest

from magenta_bridge.data.dataset import dataset_for
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
BARS = 10  # more than the eight bars of lookback
ATTENDING = [(*kind, 0) for kind in network_kinds()] + [("gru", "melody", 5)]


@pytest.fixture(scope="module", params=ATTENDING, ids=lambda kind: "-".join(map(str, kind)))
def kind(request: pytest.FixtureRequest) -> tuple[str, str, int]:
    """Family, encoding, and number of attended steps."""
    found: tuple[str, str, int] = request.param
    return found


@pytest.fixture(scope="module")
def encoding(kind: tuple[str, str, int]) -> str:
    """The network's encoding."""
    return kind[1]


@pytest.fixture(scope="module")
def network(kind: tuple[str, str, int]) -> keras.Model:
    """A small network with random weights, which tests do not change."""
    return tiny_network(kind[0], kind[1], attention_steps=kind[2])


def test_the_full_pass_returns_logits_for_every_step(network: keras.Model, encoding: str) -> None:
    """Logits are (batch, steps, events) and finite."""
    pieces = [draw_fed(encoding, SHORT, BARS), draw_fed(encoding, LONG, BARS)]
    inputs, targets, _ = window(encoding, pieces)
    logits = as_array(network(inputs))
    assert logits.shape == (*targets.shape, dataset_for(encoding).event_ids)
    assert np.isfinite(logits).all()


def test_step_keeps_the_shapes_of_its_state(network: keras.Model, encoding: str) -> None:
    """A step returns (batch, events) and a state of the same shapes."""
    state = network.initial_state(3)
    start = dataset_for(encoding).event_ids
    logits, after = network.step(keras.ops.full((3,), start, dtype="int32"), state)
    assert as_array(logits).shape == (3, start)
    assert [part.shape for part in after] == [part.shape for part in state]
    assert [part.dtype for part in after] == [part.dtype for part in state]


def test_the_initial_state_is_zero(network: keras.Model) -> None:
    """A runtime can create it without a table."""
    assert not any(as_array(part).any() for part in network.initial_state(2))


def test_a_start_id_resets_all_state_except_the_recurrent_memory(
    network: keras.Model, encoding: str
) -> None:
    """After a start id, only the memory of the layers depends on the previous piece."""
    used_ids = np.stack([draw_fed(encoding, SHORT, 3, seed)[:18] for seed in (1, 2)])
    _, used = step_through(network, used_ids, network.initial_state(2))
    start = np.full((2, 1), dataset_for(encoding).event_ids, dtype=np.int32)
    _, restarted = step_through(network, start, used)
    _, fresh = step_through(network, start, network.initial_state(2))
    kept = len(fresh) - memory_parts(network)
    for one, other in zip(restarted[:kept], fresh[:kept], strict=True):
        np.testing.assert_array_equal(as_array(one), as_array(other))


def test_steps_equal_the_full_pass(network: keras.Model, encoding: str) -> None:
    """Single steps return the logits of the full pass, in each meter."""
    pieces = [draw_fed(encoding, SHORT, BARS), draw_fed(encoding, LONG, BARS)]
    inputs, targets, weights = window(encoding, pieces)
    whole = as_array(network(inputs))
    real = weights > 0
    ids = np.where(real, inputs["ids"], 0)  # padding of the shorter piece
    stepped, _ = step_through(network, ids, network.initial_state(len(targets)))
    np.testing.assert_allclose(stepped[real], whole[real], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("cut", [1, 7, 53])
def test_steps_equal_a_window_from_the_middle(
    network: keras.Model, encoding: str, cut: int
) -> None:
    """The inputs contain the context; only the memory of the layers is reset."""
    fed = draw_fed(encoding, SHORT, BARS)
    inputs, _, _ = window(encoding, [fed], first=cut)
    whole = as_array(network(inputs))
    _, state = step_through(network, fed[None, :cut], network.initial_state(1))
    kept = len(state) - memory_parts(network)
    forgetful = state[:kept] + [keras.ops.zeros_like(part) for part in state[kept:]]
    stepped, _ = step_through(network, fed[None, cut:-1], forgetful)
    np.testing.assert_allclose(stepped, whole, rtol=1e-4, atol=1e-5)


def test_rows_of_a_batch_are_independent(network: keras.Model, encoding: str) -> None:
    """The logits of a piece are the same alone and in a batch."""
    pieces = [draw_fed(encoding, SHORT, 4), draw_fed(encoding, SHORT, 4, seed=1)]
    inputs, _, _ = window(encoding, pieces)
    both = as_array(network(inputs))
    alone = as_array(network({name: values[1:] for name, values in inputs.items()}))
    np.testing.assert_allclose(both[1:], alone, rtol=1e-4, atol=1e-5)


def test_the_configuration_recreates_the_network(network: keras.Model) -> None:
    """``from_config(get_config())`` has the same configuration and the same shapes."""
    again = type(network).from_config(network.get_config())
    again.build()
    assert again.get_config() == network.get_config()
    assert [w.shape for w in again.weights] == [w.shape for w in network.weights]


def test_a_saved_network_is_restored(network: keras.Model, encoding: str, tmp_path: Path) -> None:
    """Weights and logits are identical after loading the Keras archive."""
    network.save(tmp_path / "network.keras")
    loaded = keras.saving.load_model(tmp_path / "network.keras")
    for one, other in zip(network.get_weights(), loaded.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    inputs, _, _ = window(encoding, [draw_fed(encoding, SHORT, 2)])
    np.testing.assert_array_equal(as_array(network(inputs)), as_array(loaded(inputs)))


def test_the_seed_determines_the_weights(kind: tuple[str, str, int], network: keras.Model) -> None:
    """Equal seeds give equal weights; other seeds, other weights."""
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
    """The gradients have the right sign."""
    learner = tiny_network(kind[0], kind[1], attention_steps=kind[2])
    learner.compile(
        optimizer=keras.optimizers.Adam(1e-2),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        run_eagerly=True,  # tracing takes most of the time of a single step
    )
    batch = window(kind[1], [draw_fed(kind[1], SHORT, 2), draw_fed(kind[1], LONG, 2)])
    before = learner.test_on_batch(*batch)
    learner.train_on_batch(*batch)
    assert learner.test_on_batch(*batch) < before


def test_unknown_families_and_arguments_are_rejected() -> None:
    """The error lists the available ones."""
    family, encoding = network_kinds()[0]
    with pytest.raises(NotFoundError, match=f"{family} with {encoding}"):
        build_network("abacus", encoding, {})
    with pytest.raises(NotFoundError, match="beads"):
        build_network(family, encoding, {"beads": 7})
    with pytest.raises(NotFoundError, match="attention must see"):
        build_network(family, encoding, {"attention_steps": -1})
