"""The exported program computes what the network computes and describes itself."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from magenta_bridge.encodings import melody
from magenta_bridge.errors import TrainingError
from magenta_bridge.export.litert import export_program, logit_drift, loop_drift
from magenta_bridge.models.registry import network_kinds
from magenta_bridge.runtime.program import StepProgram
from tests.models.tiny import draw_fed, tiny_network

METER = melody.METERS.index((3, 8))
DESCRIPTION = {"family": "tiny", "title": "Ríl", "steps_per_quarter": 4, "meters": [[3, 8]]}
FLOAT_DRIFT = 1e-4
INT8_DRIFT = 0.05
# Each family and each encoding at least once: every export takes seconds.
KINDS = sorted({*{kind[part]: kind for part in (0, 1) for kind in network_kinds()}.values()})


@pytest.fixture(scope="module", params=KINDS, ids="-".join)
def network(request: pytest.FixtureRequest) -> keras.Model:
    """A small network with drawn weights."""
    return tiny_network(*request.param)


@pytest.fixture(scope="module")
def probe(network: keras.Model) -> list[int]:
    """Ten bars, from the start id on; a network has the name of its encoding."""
    return [int(value) for value in draw_fed(network.name, METER, 10, seed=5)]


@pytest.fixture(scope="module")
def program(network: keras.Model, probe: list[int]) -> bytes:
    """The float program."""
    return export_program(network, DESCRIPTION, int8=False, probe=probe[:24])


def test_float_program_equals_the_network(
    network: keras.Model, program: bytes, probe: list[int]
) -> None:
    """Logits agree along a melody longer than all lookbacks."""
    assert logit_drift(network, program, probe) < FLOAT_DRIFT


@pytest.mark.parametrize("kind", KINDS, ids="-".join)
def test_int8_program_stays_close(kind: tuple[str, str]) -> None:
    """Rounded weights move no logit by more than a twentieth of a nat."""
    network = tiny_network(*kind)
    probe = draw_fed(kind[1], METER, 10, seed=5).tolist()
    rounded = export_program(network, DESCRIPTION, int8=True, probe=probe[:2])
    assert 0.0 < logit_drift(network, rounded, probe[:24]) < INT8_DRIFT


def test_both_signatures_agree_with_the_network(
    network: keras.Model, program: bytes, probe: list[int]
) -> None:
    """Those of one step and of many; they differ from another network."""
    assert StepProgram(program).loops
    assert loop_drift(network, program, probe[:24]) < FLOAT_DRIFT
    other = type(network).from_config(network.get_config())
    other.build()
    assert loop_drift(other, program, probe[:24]) > 1e-3


def test_description_survives(program: bytes) -> None:
    """The description is read back from the flatbuffer as it was written."""
    assert StepProgram(program).description == DESCRIPTION


def test_drift_from_another_network_is_large(
    network: keras.Model, program: bytes, probe: list[int]
) -> None:
    other = type(network).from_config(network.get_config())
    other.build()
    assert logit_drift(other, program, probe[:4]) > FLOAT_DRIFT


def test_a_program_that_computes_nan_is_rejected() -> None:
    family, encoding = network_kinds()[0]
    broken = tiny_network(family, encoding)
    probe = draw_fed(encoding, METER, 2).tolist()
    broken.set_weights([np.full_like(weights, np.nan) for weights in broken.get_weights()])
    with pytest.raises(TrainingError):
        export_program(broken, DESCRIPTION, int8=False, probe=probe[:4])
