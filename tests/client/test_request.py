"""What a musician says becomes the request that was meant."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from magenta_bridge.client.request import GenerateParams, build_request, build_stream_request
from magenta_bridge.errors import InvalidArgumentError, LimitExceededError
from magenta_bridge.limits import MESSAGE_BYTES
from magenta_bridge.noteseq import NoteSequence


def _wish(**changed: Any) -> GenerateParams:  # noqa: ANN401 - fields of many types
    plain: dict[str, Any] = {
        "generator_id": "x",
        "primer": None,
        "bars": None,
        "start": None,
        "end": None,
        "seed": None,
        "count": 1,
        "arguments": {},
    }
    return GenerateParams(**{**plain, **changed})


def test_nothing_said_means_four_bars_from_the_beginning() -> None:
    request = build_request(_wish())
    section = request.options.generate_sections[0]
    assert (section.start_time, section.end_time) == (0.0, 8.0)
    assert not request.HasField("seed")
    assert not request.HasField("primer")


def test_arguments_travel_in_the_field_of_their_type() -> None:
    values = {"a": True, "b": 3, "c": 0.5, "d": "x", "e": np.int64(4), "f": np.float32(0.25)}
    args = build_request(_wish(arguments=values)).options.args
    assert args["a"].bool_value is True
    assert args["b"].int_value == 3
    assert args["c"].float_value == 0.5
    assert args["d"].string_value == "x"
    assert args["e"].int_value == 4
    assert args["f"].float_value == 0.25


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"bars": 0.0}, "bars"),
        ({"bars": float("nan")}, "bars"),
        ({"bars": 2.0, "start": 0.0, "end": 1.0}, "bars"),
        ({"start": 1.0}, "start"),
        ({"end": 1.0}, "start"),
        ({"start": 0.0, "end": float("inf")}, "start"),
        ({"seed": 1.5}, "seed"),
        ({"seed": 2**63}, "seed"),
        ({"count": 2**31}, "count"),
        ({"arguments": {"a": 2**31}}, "a"),
        ({"arguments": {"a": None}}, "options.args[a]"),
        ({"arguments": {"a": [1]}}, "options.args[a]"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_it_is_sent(
    changed: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        build_request(_wish(**changed))
    assert caught.value.field == field


def test_a_primer_larger_than_a_message_is_refused_before_it_is_sent() -> None:
    primer = NoteSequence(collection_name="x" * MESSAGE_BYTES.value)
    with pytest.raises(LimitExceededError):
        build_request(_wish(primer=primer))


def test_a_stream_is_asked_for_in_the_same_words() -> None:
    wish = _wish(primer=NoteSequence(total_time=2.0), seed=0, arguments={"a": 1})
    whole, stream = build_request(wish), build_stream_request(wish)
    assert whole.request_id != stream.request_id
    stream.request_id = whole.request_id
    assert stream.SerializeToString(deterministic=True) == whole.SerializeToString(
        deterministic=True
    )
    assert stream.HasField("seed")
    assert not build_stream_request(_wish()).HasField("seed")
