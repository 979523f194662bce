"""The adversarial network: its losses reach the right weights."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest

from magenta_bridge.models.gan.critic import SpectralConv
from magenta_bridge.models.gan.network import BarGAN, TwoRateAdam


def _tiny() -> BarGAN:
    keras.utils.set_random_seed(3)
    network = BarGAN(
        event_ids=6, tracks=2, noise_units=4, units=8, blocks=1, embedding_units=4, name="tiny"
    )
    network.build()
    return network


def _batch(rows: int = 8) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(5)
    return {
        "previous": rng.integers(0, 7, (rows, 4, 2, 16)).astype(np.int32),
        "bar": rng.integers(0, 6, (rows, 2, 16)).astype(np.int32),
        "meter": rng.integers(0, 3, rows).astype(np.int32),
        "noise": rng.standard_normal((rows, 4)).astype(np.float32),
        "spare": rng.standard_normal((rows, 4)).astype(np.float32),
    }


def test_one_fit_moves_generator_encoder_and_critic() -> None:
    network = _tiny()
    network.compile(optimizer=TwoRateAdam(1e-2))
    before = {weight.path: np.array(weight) for weight in network.trainable_variables}
    network.fit(_batch(), verbose=0)
    moved = {w.path for w in network.trainable_variables if (before[w.path] != np.array(w)).any()}
    for part in ("generator", "encoder", "critic"):
        assert any(part in path for path in moved), part


def test_rebuilding_gets_better() -> None:
    network = _tiny()
    network.compile(optimizer=TwoRateAdam(1e-2))
    history = network.fit(_batch(), epochs=40, verbose=0).history["rebuilt"]
    assert history[-1] < history[0]


def test_the_pull_on_the_generator_has_no_value() -> None:
    network = _tiny()
    parts = network(_batch())
    total = float(keras.ops.convert_to_numpy(sum(network.losses)))
    divergence, critic, rebuilt = (float(parts[n]) for n in ("divergence", "critic", "rebuilt"))
    assert total == pytest.approx(critic + (rebuilt + 0.5 * divergence) / 16, rel=1e-4)


def test_a_saved_network_makes_the_same_bar(tmp_path: Path) -> None:
    network, batch = _tiny(), _batch(2)
    network.save(tmp_path / "tiny.keras")
    again = keras.saving.load_model(tmp_path / "tiny.keras")
    args = (batch["previous"], batch["noise"], batch["meter"])
    one, other = network.bar_logits(*args), again.bar_logits(*args)
    np.testing.assert_allclose(np.array(one), np.array(other), atol=1e-5)


def test_spectral_norm_of_a_kernel_is_two() -> None:
    layer = SpectralConv(5, 1)
    inputs = np.eye(7, dtype=np.float32)[None]
    for _ in range(50):
        outputs = layer(3.0 * inputs, training=True)
    largest = np.linalg.svd(np.array(outputs)[0] / 3.0, compute_uv=False)[0]
    assert largest == pytest.approx(2.0, rel=1e-2)
