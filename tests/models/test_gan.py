"""The adversarial network: losses, noise, and samples."""

from __future__ import annotations

import math
from pathlib import Path

import keras
import numpy as np
import pytest

from magenta_bridge.models.gan.critic import SpectralConv
from magenta_bridge.models.gan.generator import _gumbel
from magenta_bridge.models.gan.network import BarGAN, TwoRateAdam


def _tiny() -> BarGAN:
    keras.utils.set_random_seed(3)
    network = BarGAN(
        event_ids=6,
        tracks=2,
        history_bars=3,
        units=8,
        critic_units=8,
        embedding_units=4,
        name="tiny",
    )
    network.build()
    return network


def _batch(rows: int = 8) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(5)
    return {
        "previous": rng.integers(0, 7, (rows, 3, 2, 16)).astype(np.int32),
        "bar": rng.integers(0, 6, (rows, 2, 16)).astype(np.int32),
        "meter": rng.integers(0, 3, rows).astype(np.int32),
        "generated": rng.integers(0, 7, (rows, 3, 2, 16)).astype(np.int32),
        "noise": rng.standard_normal((rows, 2 * 16 * 6)).astype(np.float32),
    }


def _learner() -> BarGAN:
    network = _tiny()
    # Compiling both passes through sixteen steps would take longer than running them.
    network.compile(optimizer=TwoRateAdam(1e-2), run_eagerly=True)
    return network


def test_fit_changes_generator_and_critic() -> None:
    network = _learner()
    before = {weight.path: np.array(weight) for weight in network.trainable_variables}
    network.fit(_batch(), verbose=0)
    moved = {w.path for w in network.trainable_variables if (before[w.path] != np.array(w)).any()}
    for part in ("generator", "critic"):
        assert any(part in path for path in moved), part


def test_the_prediction_loss_falls() -> None:
    history = _learner().fit(_batch(), epochs=8, verbose=0).history["nats"]
    assert history[-1] < 0.9 * history[0]


def test_the_straight_through_gradient_has_value_zero() -> None:
    network = _tiny()
    parts = network(_batch())
    total = float(keras.ops.convert_to_numpy(sum(network.losses)))
    assert total == pytest.approx(float(parts["critic"]) + float(parts["nats"]), rel=1e-4)


def test_a_saved_network_generates_the_same_bar(tmp_path: Path) -> None:
    network, batch = _tiny(), _batch(2)
    network.save(tmp_path / "tiny.keras")
    again = keras.saving.load_model(tmp_path / "tiny.keras")
    args = (batch["previous"], batch["noise"], batch["meter"])
    one, other = network.bar_scores(*args), again.bar_scores(*args)
    np.testing.assert_allclose(np.array(one), np.array(other), atol=1e-5)


def test_spectral_norm_of_a_kernel_is_two() -> None:
    layer = SpectralConv(5, 1)
    inputs = np.eye(7, dtype=np.float32)[None]
    for _ in range(50):
        outputs = layer(3.0 * inputs, training=True)
    largest = np.linalg.svd(np.array(outputs)[0] / 3.0, compute_uv=False)[0]
    assert largest == pytest.approx(2.0, rel=1e-2)


def test_noise_is_converted_to_the_gumbel_distribution() -> None:
    """Compared with the exact normal distribution, including its tails."""
    noise = np.linspace(-5.0, 5.0, 2001)
    below = np.array([math.erfc(-each / math.sqrt(2.0)) / 2.0 for each in noise])
    made = np.array(_gumbel(noise.astype(np.float32)))
    assert np.abs(np.exp(-np.exp(-made)) - below).max() < 3e-4
    assert (np.diff(made) > 0).all()


def test_samples_follow_the_logits() -> None:
    """Gumbel noise and argmax sample the softmax; tested on the first step's logits."""
    network, rows = _tiny(), 4000
    batch = _batch(1)
    noise = np.random.default_rng(1).standard_normal((rows, 2 * 16 * 6)).astype(np.float32)
    repeated = [np.repeat(batch[name], rows, axis=0) for name in ("previous", "meter")]
    drawn = np.array(network.bar_scores(repeated[0], noise, repeated[1]))[:, 0, 0].argmax(-1)
    found = np.bincount(drawn, minlength=6) / rows
    given = keras.ops.one_hot(batch["bar"], 6)
    meter = keras.ops.one_hot(batch["meter"], 3)
    logits, _ = network.generator(batch["previous"], noise[:0], meter, given=given)
    expected = np.array(keras.ops.softmax(logits))[0, 0, 0]
    assert np.abs(found - expected).max() < 4 * np.sqrt(0.25 / rows)


def test_a_track_depends_on_the_other_in_the_same_step() -> None:
    """The first note of the lead changes the first logits of the bass, not those of the lead."""
    network, batch = _tiny(), _batch(1)
    meter = keras.ops.one_hot(batch["meter"], 3)
    none = np.zeros((0, 2 * 16 * 6), np.float32)
    scores = []
    for first in (2, 4):
        bar = batch["bar"].copy()
        bar[0, 0, 0] = first
        given = keras.ops.one_hot(bar, 6)
        scores.append(np.array(network.generator(batch["previous"], none, meter, given=given)[0]))
    lead, bass = (np.abs(scores[0] - scores[1])[0, track, 0].max() for track in (0, 1))
    assert lead == 0.0
    assert bass > 1e-4


def test_music_starts_with_a_note() -> None:
    network, batch = _tiny(), _batch(64)
    previous = np.full_like(batch["previous"], 6)
    scores = np.array(network.bar_scores(previous, batch["noise"], batch["meter"]))
    assert (scores[:, 0, 0].argmax(axis=-1) >= 2).all()


def test_generated_history_reaches_the_critic_and_not_the_prediction() -> None:
    network, batch = _tiny(), _batch()
    one = {name: float(value) for name, value in network(batch).items()}
    other = dict(batch, generated=batch["previous"])
    two = {name: float(value) for name, value in network(other).items()}
    assert one["nats"] == pytest.approx(two["nats"], rel=1e-5)
    assert one["made"] != two["made"]
