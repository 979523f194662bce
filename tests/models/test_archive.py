"""The Keras archive of a bundle: small, complete, and usable for fine-tuning."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest

from magenta_bridge.errors import TrainingError, UnsupportedError
from magenta_bridge.export.litert import logit_drift, save_network
from magenta_bridge.generators.bundle import read_bundle, shipped_bundles
from magenta_bridge.models.registry import network_kinds
from magenta_bridge.recipe import BundleRecipe, Recipe
from magenta_bridge.training.fit import build, network_config
from tests.models.tiny import draw_fed, tiny_network

STEPWISE = [path for path in shipped_bundles() if not path.stem.startswith("gan")]
INT8_DRIFT = 0.5


@pytest.mark.parametrize(("family", "encoding"), network_kinds(), ids=str)
def test_a_network_is_restored_from_half_precision(
    family: str, encoding: str, tmp_path: Path
) -> None:
    """Weights are rounded to float16, computation is in float32, the configuration is equal."""
    network = tiny_network(family, encoding)
    save_network(network, tmp_path / "half.keras")
    start = (tmp_path / "half.keras").read_bytes()
    config = network_config(start, family, encoding)
    recipe = Recipe(BundleRecipe("tiny", "", family, encoding), network=config)
    again = build(recipe, start)
    assert again.get_config() == network.get_config()
    for one, other in zip(network.get_weights(), again.get_weights(), strict=True):
        assert other.dtype == np.float32
        np.testing.assert_array_equal(one.astype(np.float16).astype(np.float32), other)
    assert keras.config.dtype_policy().name == "float32"


@pytest.mark.parametrize("path", STEPWISE, ids=lambda path: path.stem)
def test_an_included_archive_has_the_network_of_the_program(path: Path) -> None:
    """Logits of a random piece agree up to the quantization to int8."""
    bundle = read_bundle(path)
    family, encoding = bundle.metadata["family"], bundle.metadata["encoding"]
    config = network_config(bundle.network, family, encoding)
    recipe = Recipe(BundleRecipe(bundle.id, "", family, encoding), network=config)
    probe = [int(value) for value in draw_fed(encoding, 2, 2)]
    assert logit_drift(build(recipe, bundle.network), bundle.program.flatbuffer, probe) < INT8_DRIFT


def test_another_network_is_rejected() -> None:
    bundle = read_bundle(next(path for path in STEPWISE if path.stem == "gru_melody"))
    with pytest.raises(UnsupportedError, match="GridGRU, and a GridLSTM"):
        network_config(bundle.network, "lstm", "melody")
    with pytest.raises(UnsupportedError, match="no network"):
        network_config(b"", "gru", "melody")
    narrow = Recipe(BundleRecipe("tiny", "", "gru", "melody"), network={"units": [8]})
    with pytest.raises(TrainingError, match="of this shape"):
        build(narrow, bundle.network)
