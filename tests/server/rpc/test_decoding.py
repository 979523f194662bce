"""Requests are bounded before they become objects, and in the memory that all take at once."""

from __future__ import annotations

import random
import time

import pytest
from google.protobuf.message import Message

from magenta_bridge.errors import (
    InvalidArgumentError,
    LimitExceededError,
    MagentaBridgeError,
    OverloadedError,
)
from magenta_bridge.limits import MESSAGE_FIELDS, OPEN_BYTES, SEQUENCE_NOTES
from magenta_bridge.server.rpc.boundary import Boundary, CallError
from magenta_bridge.server.rpc.call import Call
from magenta_bridge.server.rpc.decoding import count_fields, decoder, memory_of
from magenta_bridge.v1.generation_pb2 import GenerateRequest

DECODE = decoder(GenerateRequest.FromString)


def _largest() -> GenerateRequest:
    request = GenerateRequest(generator_id="lstm_melody")
    for index in range(SEQUENCE_NOTES.value):
        request.primer.notes.add(pitch=index % 128, velocity=80, start_time=index, end_time=index)
    return request


def test_the_largest_primer_is_decoded() -> None:
    request = _largest()
    assert DECODE(request.SerializeToString()) == request


@pytest.mark.parametrize("field", ["text_annotations", "control_changes", "section_groups"])
def test_millions_of_empty_messages_are_refused(field: str) -> None:
    request = GenerateRequest()
    getattr(request.primer, field).add()
    (one,) = (each for each in request.primer.DESCRIPTOR.fields if each.name == field)
    tag = bytes([one.number << 3 | 2]) if one.number < 16 else _varint(one.number << 3 | 2)
    inner = (tag + b"\0") * 1_000_000
    data = b"\x12" + _varint(len(inner)) + inner
    answer = DECODE(data)
    assert isinstance(answer, LimitExceededError)
    assert answer.metadata["maximum"] == str(MESSAGE_FIELDS.value)


def _varint(value: int) -> bytes:
    data = b""
    while value > 0x7F:
        data += bytes([value & 0x7F | 0x80])
        value >>= 7
    return data + bytes([value])


def test_arguments_and_nested_sections_are_counted() -> None:
    request = GenerateRequest()
    for index in range(10):
        request.options.args[f"a{index}"].int_value = index
        request.primer.section_groups.add().sections.add().section_id = index
    data = request.SerializeToString()
    assert count_fields(data, GenerateRequest.DESCRIPTOR) >= 2 + 4 * 10


def test_damaged_large_requests_get_an_error_of_ours() -> None:
    """The scan before decoding neither fails otherwise nor accepts what decoding refuses."""
    whole, noise = _largest().SerializeToString(), random.Random(1)  # noqa: S311
    for _ in range(30):
        data = bytearray(whole[: noise.randrange(40_000, 60_000)])
        for _ in range(noise.randint(1, 5)):
            data[noise.randrange(len(data))] = noise.randrange(256)
        answer: Message | MagentaBridgeError = DECODE(bytes(data))
        assert isinstance(answer, GenerateRequest | InvalidArgumentError | LimitExceededError)


def test_groups_are_refused() -> None:
    """Decoding would skip a group, and with it what the scan must count."""
    data = b"\x0b" + b"\x12\x00" * 40_000 + b"\x0c"
    assert isinstance(DECODE(data), InvalidArgumentError)


@pytest.mark.asyncio
async def test_requests_together_take_a_limited_amount_of_memory() -> None:
    boundary = Boundary()
    half = Call("/magenta_bridge.v1.S/M", time.monotonic() + 9, memory=OPEN_BYTES.value // 2 + 1)
    async with boundary.enter(half):
        with pytest.raises(CallError) as refused:
            async with boundary.enter(half):
                pytest.fail("it was accepted")
    assert isinstance(refused.value.__cause__, OverloadedError)
    async with boundary.enter(half):
        pass


def test_the_memory_of_a_request_is_not_underestimated() -> None:
    """An empty annotation takes some 70 bytes, a note 85."""
    assert memory_of(_largest()) > 85 * SEQUENCE_NOTES.value
    request = GenerateRequest()
    for _ in range(100_000):
        request.primer.text_annotations.add()
    assert memory_of(request) > 70 * 100_000
