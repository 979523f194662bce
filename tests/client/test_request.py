"""Parameters become the intended request."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from magenta_bridge.client.request import GenerateMethods, build_request, split_variations
from magenta_bridge.description import Notice
from magenta_bridge.errors import InvalidArgumentError, LimitExceededError
from magenta_bridge.limits import MESSAGE_BYTES, SEEDS
from magenta_bridge.noteseq import NoteSequence
from magenta_bridge.v1 import generation_pb2 as pb


def _request(**changed: Any) -> pb.GenerateRequest:  # noqa: ANN401 - fields of many types
    nothing = dict.fromkeys(("primer", "bars", "start", "end", "seed"))
    return build_request(**{"generator_id": "x", **nothing, "arguments": {}, **changed})


class _Recorder(GenerateMethods[Any, Any, Any]):
    """Return the requests."""

    def _generate(
        self,
        request: pb.GenerateRequest,
        notices: list[Notice] | None,  # noqa: ARG002
    ) -> pb.GenerateRequest:
        return request

    _variations = _stream = _generate  # type: ignore[assignment]


def test_the_default_is_four_bars_from_the_beginning() -> None:
    request = _request()
    section = request.options.generate_sections[0]
    assert (section.start_time, section.end_time) == (0.0, 8.0)
    assert not request.HasField("seed")
    assert not request.HasField("primer")


def test_arguments_have_the_field_of_their_type() -> None:
    values = {"a": True, "b": 3, "c": 0.5, "d": "x", "e": np.int64(4), "f": np.float32(0.25)}
    args = _request(arguments=values).options.args
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
        ({"seed": -1}, "seed"),
        ({"seed": 2**63}, "seed"),
        ({"count": 0}, "count"),
        ({"count": 2**31}, "count"),
        ({"count": 17}, "variations"),
        ({"arguments": {"a": 2**31}}, "options.args[a]"),
        ({"arguments": {"a": None}}, "options.args[a]"),
        ({"arguments": {"a": [1]}}, "options.args[a]"),
    ],
)
def test_an_invalid_value_is_refused_before_it_is_sent(changed: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        _request(**changed)
    assert caught.value.field == field


def test_a_primer_larger_than_a_message_is_refused_before_it_is_sent() -> None:
    primer = NoteSequence(collection_name="x" * MESSAGE_BYTES.value)
    with pytest.raises(LimitExceededError):
        _request(primer=primer)


@pytest.mark.parametrize("seed", [0, None])
def test_a_stream_has_the_same_request(seed: int | None) -> None:
    call: dict[str, Any] = {"primer": NoteSequence(total_time=2.0), "seed": seed, "a": 1}
    whole, stream = _Recorder().generate("x", **call), _Recorder().stream("x", **call)
    assert isinstance(stream, pb.StreamGenerateRequest)
    assert whole.request_id != stream.request_id
    stream.request_id = whole.request_id
    assert stream.SerializeToString(deterministic=True) == whole.SerializeToString(
        deterministic=True
    )
    assert stream.HasField("seed") is (seed is not None)


def test_variations_are_split_into_requests_with_the_seeds_of_a_server() -> None:
    requests = split_variations(_request(seed=SEEDS - 1, count=3))
    assert [each.seed for each in requests] == [SEEDS - 1, 0, 1]
    assert {each.variations for each in requests} == {1}
    assert len({each.request_id for each in requests}) == 3
    first, second = split_variations(_request(count=2))
    assert second.seed == (first.seed + 1) % SEEDS


@pytest.mark.parametrize(
    "changed",
    [{"generator_id": "\udcff"}, {"arguments": {"a": "\udcff"}}, {"arguments": {"\udcff": 1}}],
)
def test_text_that_is_not_unicode_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(InvalidArgumentError, match="must be valid Unicode"):
        _request(**changed)
