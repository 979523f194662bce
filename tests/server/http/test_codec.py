"""Invalid JSON is rejected with the position or field of the error."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from magenta_bridge.errors import InvalidArgumentError, LimitExceededError
from magenta_bridge.server.http.codec import Codec, read_json, write_json
from magenta_bridge.v1 import generation_pb2 as pb

SECTION = "options.generateSections[0].endTime"


@pytest.mark.parametrize(
    ("text", "field", "part"),
    [
        ("", "request", "line 1, column 1"),
        ('{\n "seed": }', "request", "line 2, column 10"),
        ("[]", "request", "JSON object"),
        ("7", "request", "JSON object"),
        ('{"sed": 1}', "sed", 'no field "sed"'),
        ('{"options": {"foo": 1}}', "options.foo", 'no field "options.foo"'),
        ('{"primer": {"notes": [{}, {"pich": 1}]}}', "primer.notes[1].pich", "no field"),
        ('{"[a.b]": 1}', "request", "extensions"),
        ('{"primer": {"notes": [{"pitch": 0.5}]}}', "primer.notes[0].pitch", "0.5"),
        ('{"primer": {"notes": [{"pitch": 9999999999}]}}', "primer.notes.pitch", "range"),
        ('{"primer": {"notes": 5}}', "primer", "5"),
        ('{"primer": {"notes": [null]}}', "primer.notes[0]", "null"),
        ('{"primer": 5}', "primer", "int"),
        ('{"generatorId": 5}', "generatorId", "int"),
        ('{"generatorId": "\\ud800"}', "generatorId", "surrogate"),
        ('{"\\ud800": 1}', "request", "does not match"),
        ('{"primer": {"\\udfff": {}}}', "request", "does not match"),
        ('{"options": "\\ud800"}', "request", "does not match"),
        ('{"variations": true}', "variations", "True"),
        ('{"variations": "x"}', "variations", "x"),
        ('{"seed": NaN}', "request", "NaN is not valid JSON"),
        ('{"seed": -Infinity}', "request", "-Infinity is not valid JSON"),
        ('{"options": {"generateSections": [{"endTime": 1e999}]}}', SECTION, "Infinity"),
        ('{"seed": 1e999}', "seed", "inf"),
        ('{"seed": 1, "seed": 2}', "request", '"seed" twice'),
        ('{"seed": ' + "9" * 5_000 + "}", "request", "5000 digits"),
        ('{"seed": ' + "9" * 30 + "}", "seed", "range"),
        ('{"primer": ' * 100_000, "request", "nested"),
        ('{"options": {"args": {"x": 1}}}', "options.args", ""),
    ],
)
def test_an_error_names_its_position_or_field(text: str, field: str, part: str) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        read_json(text.encode(), pb.GenerateRequest)
    assert caught.value.field == field
    assert part in caught.value.message
    assert "\n" not in caught.value.message


@pytest.mark.parametrize("data", [b"\xff\xfe", b'{"generatorId": "\xc3"}', b"\xef\xbb\xbf{}"])
def test_invalid_utf_8_is_rejected(data: bytes) -> None:
    with pytest.raises(InvalidArgumentError, match="UTF-8"):
        read_json(data, pb.GenerateRequest)


def test_too_many_arrays_are_rejected_before_parsing() -> None:
    with pytest.raises(LimitExceededError, match="lists and objects"):
        read_json(b'{"primer":[' + b"[]," * 1_000_000 + b"[]]}", pb.GenerateRequest)


KNOWN = "primer notes pitch options args generateSections endTime seed request_id tempos qpm"
NAMES = st.sampled_from(KNOWN.split()) | st.text(max_size=4)
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda item: st.lists(item, max_size=3) | st.dictionaries(NAMES, item, max_size=3),
    max_leaves=12,
)


@given(st.dictionaries(NAMES, JSON_VALUES, max_size=4))
def test_any_json_is_read_or_rejected(values: dict[str, object]) -> None:
    data = json.dumps(values).encode()
    with contextlib.suppress(InvalidArgumentError):
        message = read_json(data, pb.GenerateRequest)
        assert read_json(write_json(message), pb.GenerateRequest) == message


def test_decoding_inverts_encoding() -> None:
    message = pb.GenerateResponse(seed=2**31 - 1)
    for _ in range(2):
        sequence = message.sequences.add(collection_name='"\u266d\u2028\n')
        sequence.notes.add(pitch=60, velocity=80, start_time=0.1, end_time=1e-9)
        sequence.tempos.add(qpm=float("nan"))
    text = write_json(message)
    assert b'"startTime":0.1' in text
    assert str(read_json(text, pb.GenerateResponse)) == str(message)


@pytest.mark.asyncio
async def test_a_large_message_does_not_block_the_event_loop() -> None:
    """The loop runs many times while one is decoded and while it is encoded."""
    codec = Codec()
    request = pb.GenerateRequest()
    for number in range(10_000):
        request.primer.notes.add(pitch=60, velocity=80, start_time=number, end_time=number + 0.5)
    try:
        encoding = asyncio.ensure_future(codec.encode("json", request))
        assert await _turns(encoding) > 10
        decoding = asyncio.ensure_future(
            codec.decode("json", encoding.result(), pb.GenerateRequest)
        )
        assert await _turns(decoding) > 10
        assert decoding.result() == request
    finally:
        codec.close()


async def _turns(work: asyncio.Future[Any]) -> int:
    start, turns = time.monotonic(), 0
    while not work.done():
        assert time.monotonic() - start < 60
        await asyncio.sleep(0.001)
        turns += 1
    return turns
