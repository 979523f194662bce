"""The exported program of an adversarial network generates the network's bars."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from magenta_bridge.encodings import bars as pianoroll
from magenta_bridge.errors import TrainingError
from magenta_bridge.export.bars import bar_drift, export_bar_program
from magenta_bridge.models.gan.network import BarGAN

DESCRIPTION = {"family": "gan", "encoding": "melody"}
FLOAT_DRIFT, INT8_DRIFT = 1e-4, 0.1


def tiny(tracks: int, seed: int = 3) -> BarGAN:
    """Return a small network with random weights."""
    keras.utils.set_random_seed(seed)
    network = BarGAN(
        pianoroll.EVENT_IDS, tracks=tracks, units=16, critic_units=8, embedding_units=4, name="tiny"
    )
    network.build()
    return network


@pytest.fixture(scope="module", params=[1, 2])
def network(request: pytest.FixtureRequest) -> BarGAN:
    """A network of one track, and one of two."""
    return tiny(request.param)


@pytest.fixture(scope="module")
def program(network: BarGAN) -> bytes:
    """The float program."""
    return export_bar_program(network, DESCRIPTION, int8=False)


def test_float_program_equals_the_network(network: BarGAN, program: bytes) -> None:
    assert bar_drift(network, program) < FLOAT_DRIFT


def test_int8_program_stays_close() -> None:
    network = tiny(2)
    assert 0.0 < bar_drift(network, export_bar_program(network, DESCRIPTION)) < INT8_DRIFT


def test_drift_from_another_network_is_large(network: BarGAN, program: bytes) -> None:
    other = tiny(network.shape_of_history[1], seed=4)
    assert bar_drift(other, program) > FLOAT_DRIFT


def test_description_survives(program: bytes) -> None:
    assert b'"family": "gan"' in program


def test_a_program_that_computes_nan_is_rejected() -> None:
    broken = tiny(1)
    broken.set_weights([np.full_like(weights, np.nan) for weights in broken.get_weights()])
    with pytest.raises(TrainingError):
        export_bar_program(broken, DESCRIPTION)
