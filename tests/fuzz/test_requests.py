"""Random requests, encoded or as JSON: each is answered with music or with an error of ours."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from google.protobuf import json_format
from google.protobuf.message import Message

from magenta_bridge.errors import InternalError, MagentaBridgeError
from magenta_bridge.generators.bundle import shipped_bundles
from magenta_bridge.generators.generate_request import read_request
from magenta_bridge.generators.loading import load_generator
from magenta_bridge.generators.registry import GeneratorRegistry
from magenta_bridge.server.http.codec import read_json
from magenta_bridge.server.rpc.decoding import decoder
from magenta_bridge.v1.generation_pb2 import GenerateRequest
from tests.fuzz import COUNT

_NAMES = ("gru_melody", "lstm_drums", "gru_polyphony", "lstm_performance", "gan_melody")
_NUMBERS: tuple[Any, ...] = (
    -1, 0, 1, 2, 127, 128, 255, 1e-300, 0.1, 8.0, 1e9, 1e300, "NaN", "Infinity", -(2**31), 2**40,
)  # fmt: skip
_DECODE = decoder(GenerateRequest.FromString)


@pytest.fixture(scope="module")
def registry() -> GeneratorRegistry:
    """Some shipped generators."""
    return GeneratorRegistry(
        load_generator(path) for path in shipped_bundles() if path.stem in _NAMES
    )


def _request(noise: random.Random) -> GenerateRequest:
    request = GenerateRequest(generator_id=noise.choice(_NAMES), variations=noise.choice((0, 1, 2)))
    primer = request.primer
    primer.tempos.add(qpm=noise.choice((60, 120, 200)))
    primer.time_signatures.add(numerator=noise.choice((3, 4, 7)), denominator=noise.choice((4, 8)))
    for index in range(noise.randrange(12)):
        primer.notes.add(
            pitch=60 + index, velocity=80, start_time=index / 4, end_time=index / 4 + 1
        )
    primer.control_changes.add(control_number=64, control_value=127)
    request.options.generate_sections.add(start_time=4.0, end_time=6.0)
    request.options.input_sections.add(start_time=0.0, end_time=4.0)
    request.options.args["temperature"].float_value = 1.0
    request.options.args["seed"].int_value = 3
    return request


def _answer(registry: GeneratorRegistry, request: Message | MagentaBridgeError) -> str:
    """Return how the first chunk of a request ended: ``music`` or the error's code."""
    if isinstance(request, MagentaBridgeError):
        return request.code
    try:
        assert isinstance(request, GenerateRequest)
        next(read_request(registry, request).run(lambda: None))
    except MagentaBridgeError as error:
        return error.code
    return "music"


def test_damaged_encoded_requests(registry: GeneratorRegistry) -> None:
    noise = random.Random(1)  # noqa: S311
    codes = set()
    for _ in range(COUNT or 200):
        data = bytearray(_request(noise).SerializeToString())
        for _ in range(noise.randint(1, 4)):
            data[noise.randrange(len(data))] = noise.randrange(256)
        codes.add(_answer(registry, _DECODE(bytes(data))))
    assert InternalError.code not in codes
    assert {"music", "INVALID_ARGUMENT"} <= codes


def test_odd_values_in_json_requests(registry: GeneratorRegistry) -> None:
    noise = random.Random(2)  # noqa: S311
    codes = set()
    for _ in range(COUNT or 200):
        values = json_format.MessageToDict(_request(noise))
        for _ in range(noise.randint(1, 3)):
            _change(values, noise)
        try:
            request: Message | MagentaBridgeError = read_json(
                json.dumps(values).encode(), GenerateRequest
            )
        except MagentaBridgeError as error:
            request = error
        codes.add(_answer(registry, request))
    assert InternalError.code not in codes
    assert {"music", "INVALID_ARGUMENT"} <= codes


def _change(values: Any, noise: random.Random) -> None:  # noqa: ANN401 - JSON
    """Replace one value at any depth."""
    while True:
        keys = list(values) if isinstance(values, dict) else list(range(len(values)))
        if not keys:
            return
        key = noise.choice(keys)
        if isinstance(values[key], dict | list) and noise.random() < 0.9:
            values = values[key]
            continue
        values[key] = noise.choice((*_NUMBERS, None, "", "x" * 70, [], {}, True, "\ud800"))
        return
