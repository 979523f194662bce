"""Builds generate requests: the methods and the messages that all clients share."""

from __future__ import annotations

import abc
import math
import secrets
import uuid
from collections.abc import Mapping
from typing import Final, Generic, TypeVar

from magenta_bridge.arguments import ArgumentValue, check_text, whole_number, write_argument
from magenta_bridge.description import Notice
from magenta_bridge.errors import InvalidArgumentError
from magenta_bridge.limits import MESSAGE_BYTES, SEEDS, STREAMS, VARIATIONS, check_limit
from magenta_bridge.noteseq import GeneratorOptions, NoteSequence
from magenta_bridge.sequences.sections import section_after
from magenta_bridge.v1 import generation_pb2 as pb

OneT = TypeVar("OneT")
ManyT = TypeVar("ManyT")
StreamT = TypeVar("StreamT")

DEFAULT_BARS: Final = 4.0
MANY_AT_ONCE: Final = 32
"""Requests in flight of ``generate_many``: enough for all threads of a server."""


class GenerateMethods(abc.ABC, Generic[OneT, ManyT, StreamT]):
    """The methods that generate music, the same for every client.

    ``AsyncClient`` returns awaitables and an asynchronous iterator; everything else about
    arguments, results and errors is the same.
    """

    def generate(
        self,
        generator_id: str,
        *,
        primer: NoteSequence | None = None,
        bars: float | None = None,
        start: float | None = None,
        end: float | None = None,
        seed: int | None = None,
        notices: list[Notice] | None = None,
        **arguments: ArgumentValue,
    ) -> OneT:
        """Generate new music.

        Args:
            generator_id: Id of the generator, e.g. ``lstm_melody``.
            primer: The music so far; None for none.
            bars: Number of bars, in the meter and tempo at the primer's end (4/4 at 120 qpm
                without a primer), from the first bar line at or after its end; 4 by default.
            start: Start of the new section in seconds on the primer's timeline; with ``end``
                instead of ``bars``.
            end: End of the new section in seconds.
            seed: 0 to 2147483647; the same number gives the same notes. None for a random one.
            notices: A list that receives how much of the primer the generator did not read.
            **arguments: Values for the generator's arguments.

        Returns:
            The new section alone, on the primer's timeline, in seconds.
        """
        request = build_request(generator_id, primer, bars, start, end, seed, arguments)
        return self._generate(request, notices)

    def variations(
        self,
        generator_id: str,
        count: int,
        *,
        primer: NoteSequence | None = None,
        bars: float | None = None,
        start: float | None = None,
        end: float | None = None,
        seed: int | None = None,
        notices: list[Notice] | None = None,
        **arguments: ArgumentValue,
    ) -> ManyT:
        """Generate several variations; other arguments and errors as in ``generate``.

        Args:
            generator_id: Id of the generator.
            count: Number of variations, 1 to 16; variation ``i``, from 0, is what
                ``generate`` returns for ``seed + i``.
            primer: The music so far.
            bars: Length in bars.
            start: Start in seconds, with ``end`` instead of ``bars``.
            end: End in seconds.
            seed: Seed of the first variation.
            notices: A list that receives how much of the primer the generator did not read.
            **arguments: Values for the generator's arguments.

        Returns:
            The variations in order.
        """
        request = build_request(generator_id, primer, bars, start, end, seed, arguments, count)
        return self._variations(request, notices)

    def stream(
        self,
        generator_id: str,
        *,
        primer: NoteSequence | None = None,
        bars: float | None = None,
        start: float | None = None,
        end: float | None = None,
        seed: int | None = None,
        notices: list[Notice] | None = None,
        **arguments: ArgumentValue,
    ) -> StreamT:
        """Generate new music piece by piece; arguments and errors as in ``generate``.

        Closing the iterator stops the generator; ``contextlib.aclosing`` does so as soon as
        the loop over an asynchronous one ends.

        Yields:
            Notes that are final, each once; ``total_time`` is the time up to which the music
            is complete, in seconds on the primer's timeline: no later note begins before it,
            though where voices overlap a note of this piece may end after it. The first piece
            has tempo and meter. All merged, they are what ``generate`` returns.
        """
        request = build_request(generator_id, primer, bars, start, end, seed, arguments)
        # The two messages have the same fields.
        whole = pb.StreamGenerateRequest.FromString(request.SerializeToString())
        return self._stream(whole, notices)

    @abc.abstractmethod
    def _generate(self, request: pb.GenerateRequest, notices: list[Notice] | None) -> OneT: ...

    @abc.abstractmethod
    def _variations(self, request: pb.GenerateRequest, notices: list[Notice] | None) -> ManyT: ...

    @abc.abstractmethod
    def _stream(
        self, request: pb.StreamGenerateRequest, notices: list[Notice] | None
    ) -> StreamT: ...


def check_concurrency(value: int) -> int:
    """Return the number of requests in flight, which a connection limits."""
    if not 1 <= value <= STREAMS.value:
        raise InvalidArgumentError(
            f"concurrency must be 1 to {STREAMS.value}, got {value}.", field="concurrency"
        )
    return value


def take_notices(
    notices: list[Notice] | None, answer: pb.GenerateResponse | pb.StreamGenerateResponse
) -> None:
    """Append the notices of a response to a caller's list; do nothing without a list."""
    if notices is not None:
        notices.extend(map(Notice.from_message, answer.notices))


def build_request(  # noqa: PLR0917 - those of the methods
    generator_id: str,
    primer: NoteSequence | None,
    bars: float | None,
    start: float | None,
    end: float | None,
    seed: int | None,
    arguments: Mapping[str, ArgumentValue],
    count: int = 1,
) -> pb.GenerateRequest:
    """Return the request for the parameters of ``GenerateMethods``, with a unique id.

    The server uses the id to recognize a request that is sent again.

    Raises:
        InvalidArgumentError: The section is not defined, or a value has a wrong type or range.
        LimitExceededError: The request is larger than a server accepts.
    """
    check_limit(VARIATIONS, whole_number("count", count, range(1, SEEDS)), field="variations")
    options = GeneratorOptions()
    section = _section(primer, bars, start, end)
    options.generate_sections.add(start_time=section[0], end_time=section[1])
    for name, value in arguments.items():
        write_argument(options, name, value)
    request = pb.GenerateRequest(
        generator_id=check_text("generator_id", generator_id),
        primer=primer,
        options=options,
        seed=None if seed is None else whole_number("seed", seed, range(SEEDS)),
        variations=count,
        request_id=uuid.uuid4().hex,
    )
    check_limit(MESSAGE_BYTES, request.ByteSize(), where="request", field="primer")
    return request


def split_variations(request: pb.GenerateRequest) -> list[pb.GenerateRequest]:
    """Return a request for each variation of a request, with the seeds a server would use."""
    first = request.seed if request.HasField("seed") else secrets.randbelow(SEEDS)
    requests = []
    for index in range(request.variations):
        one = pb.GenerateRequest()
        one.CopyFrom(request)
        one.seed, one.variations = (first + index) % SEEDS, 1
        one.request_id = uuid.uuid4().hex
        requests.append(one)
    return requests


def _section(
    primer: NoteSequence | None, bars: float | None, start: float | None, end: float | None
) -> tuple[float, float]:
    if start is None and end is None:
        return section_after(primer, DEFAULT_BARS if bars is None else bars)
    if start is None or end is None or bars is not None:
        raise InvalidArgumentError(
            "Give either bars, or both start and end in seconds.",
            field="bars" if bars is not None else "start",
        )
    if not (math.isfinite(start) and math.isfinite(end)):
        raise InvalidArgumentError("start and end must be finite seconds.", field="start")
    return start, end
