"""Builds requests from what a musician says; the same for both clients."""

from __future__ import annotations

import math
import numbers
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from magenta_bridge.client.generator import ArgumentValue
from magenta_bridge.errors import InvalidArgumentError
from magenta_bridge.limits import MESSAGE_BYTES, check_limit
from magenta_bridge.noteseq import GeneratorOptions, NoteSequence
from magenta_bridge.sequences.sections import section_after
from magenta_bridge.v1 import generation_pb2 as pb

DEFAULT_BARS: Final = 4.0
_INT32: Final = range(-(2**31), 2**31)
_INT64: Final = range(-(2**63), 2**63)


@dataclass(frozen=True)
class GenerateParams:
    """What shall be written.

    Attributes:
        generator_id: Who shall write.
        primer: The music so far; None for none.
        bars: Length of the section after the primer, in bars; None for 4, unless ``start``
            and ``end`` say which section.
        start: Start of the section in seconds on the primer's timeline.
        end: End of the section in seconds on the primer's timeline.
        seed: Seed of the first variation, 0 to 2147483647; None to have one drawn.
        count: How many variations.
        arguments: Values for the generator's arguments.
    """

    generator_id: str
    primer: NoteSequence | None
    bars: float | None
    start: float | None
    end: float | None
    seed: int | None
    count: int
    arguments: Mapping[str, ArgumentValue]


def build_request(wish: GenerateParams) -> pb.GenerateRequest:
    """Returns the request for whole sequences, with an id that no other one has.

    The id lets the server know the request again when it is sent a second time.

    Raises:
        InvalidArgumentError: The section cannot be told, or a value has no type that travels.
        LimitExceededError: The request is larger than a server accepts.
    """
    request = pb.GenerateRequest(
        generator_id=wish.generator_id,
        primer=wish.primer,
        options=_options(wish),
        seed=None if wish.seed is None else _whole("seed", wish.seed, _INT64),
        variations=_whole("count", wish.count, _INT32),
        request_id=uuid.uuid4().hex,
    )
    check_limit(MESSAGE_BYTES, request.ByteSize(), where="request", field="primer")
    return request


def build_stream_request(wish: GenerateParams) -> pb.StreamGenerateRequest:
    """Returns the request for a stream; errors as in ``build_request``."""
    request = build_request(wish)
    return pb.StreamGenerateRequest(
        generator_id=request.generator_id,
        primer=request.primer if request.HasField("primer") else None,
        options=request.options,
        seed=request.seed if request.HasField("seed") else None,
        variations=request.variations,
        request_id=request.request_id,
    )


def _options(wish: GenerateParams) -> GeneratorOptions:
    options = GeneratorOptions()
    start, end = _section(wish)
    options.generate_sections.add(start_time=start, end_time=end)
    for name, value in wish.arguments.items():
        _write_argument(options.args[name], name, value)
    return options


def _section(wish: GenerateParams) -> tuple[float, float]:
    if wish.start is None and wish.end is None:
        return section_after(wish.primer, DEFAULT_BARS if wish.bars is None else wish.bars)
    if wish.start is None or wish.end is None or wish.bars is not None:
        raise InvalidArgumentError(
            "Say either bars, or both start and end in seconds.",
            field="bars" if wish.bars is not None else "start",
        )
    if not (math.isfinite(wish.start) and math.isfinite(wish.end)):
        raise InvalidArgumentError("start and end must be finite seconds.", field="start")
    return wish.start, wish.end


def _write_argument(slot: GeneratorOptions.ArgValue, name: str, value: object) -> None:
    # numbers' classes rather than int and float, so that numpy's scalars are welcome.
    if isinstance(value, bool):
        slot.bool_value = value
    elif isinstance(value, numbers.Integral):
        slot.int_value = _whole(name, value, _INT32)
    elif isinstance(value, numbers.Real):
        slot.float_value = float(value)
    elif isinstance(value, str):
        slot.string_value = value
    else:
        raise InvalidArgumentError(
            f"{name} must be a number, text, or true or false, got {type(value).__name__}.",
            field=f"options.args[{name}]",
        )


def _whole(name: str, value: object, accepted: range) -> int:
    if not isinstance(value, numbers.Integral) or int(value) not in accepted:
        raise InvalidArgumentError(
            f"{name} must be a whole number from {accepted.start} to {accepted.stop - 1}, "
            f"got {value!r}.",
            field=name,
        )
    return int(value)
