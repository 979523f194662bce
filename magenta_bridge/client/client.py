"""The synchronous client."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from types import TracebackType

import grpc

from magenta_bridge.client.channel import (
    DEFAULT_ADDRESS,
    DEFAULT_TIMEOUT,
    KEEPALIVE_SECONDS,
    channel_options,
)
from magenta_bridge.client.generator import ArgumentValue, Generator, read_generator
from magenta_bridge.client.request import Wish, build_request, build_stream_request
from magenta_bridge.client.status import error_of
from magenta_bridge.errors import ServerUnavailableError
from magenta_bridge.noteseq import NoteSequence
from magenta_bridge.v1 import generation_pb2 as pb
from magenta_bridge.v1 import generation_pb2_grpc


class Client:
    """Talks to a server.

    Every method raises the errors of ``magenta_bridge.errors``, those of the server among
    them; ``ServerUnavailableError`` when none answers.

    Threading: safe from any number of threads.

    Args:
        address: ``HOST:PORT`` of the server.
        timeout: Seconds that one call may take, from the request to the last note.
        keepalive: Seconds of silence during a call after which the server is asked whether it
            is still there, 1 to 3600; it has half of that to answer.

    Raises:
        InvalidArgumentError: The address is not of the form ``HOST:PORT``, or another
            argument is out of its range.

    Example:
        with Client("127.0.0.1:50051") as bridge:
            clip = bridge.generate("lstm_melody", primer=read("tune.mid"), bars=4, seed=1)
    """

    def __init__(
        self,
        address: str = DEFAULT_ADDRESS,
        timeout: float = DEFAULT_TIMEOUT,
        *,
        keepalive: float = KEEPALIVE_SECONDS,
    ) -> None:
        self._address = address
        self._timeout = timeout
        self._closed = False
        options = channel_options(address, keepalive)
        self._channel = grpc.insecure_channel(address, options=options)
        self._stub = generation_pb2_grpc.GenerationServiceStub(self._channel)

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Lets go of the connection; calls under way are cancelled."""
        self._closed = True
        self._channel.close()

    def generators(self) -> list[Generator]:
        """Returns the generators of the server, by id in alphabetical order."""
        found: list[Generator] = []
        request = pb.ListGeneratorsRequest()
        while True:
            with self._errors():
                page = self._stub.ListGenerators(request, timeout=self._timeout)
            found.extend(read_generator(message) for message in page.generators)
            if not page.next_page_token:
                return found
            request.page_token = page.next_page_token

    def generator(self, generator_id: str) -> Generator:
        """Returns one generator.

        Raises:
            NotFoundError: The server has none of that id.
        """
        request = pb.GetGeneratorRequest(generator_id=generator_id)
        with self._errors():
            return read_generator(self._stub.GetGenerator(request, timeout=self._timeout).generator)

    def generate(
        self,
        generator_id: str,
        *,
        primer: NoteSequence | None = None,
        bars: float | None = None,
        start: float | None = None,
        end: float | None = None,
        seed: int | None = None,
        **arguments: ArgumentValue,
    ) -> NoteSequence:
        """Has new music written.

        Args:
            generator_id: Who shall write, e.g. ``lstm_melody``.
            primer: The music so far; None for none.
            bars: How many bars, in the meter and tempo that the primer ends in (4/4 at 120
                qpm without one), from the first bar line at or after its end; 4 by default.
            start: Start of the new section in seconds on the primer's timeline; with ``end``
                instead of ``bars``.
            end: End of the new section in seconds.
            seed: 0 to 2147483647; the same number gives the same notes. None draws one.
            **arguments: Values for the generator's arguments.

        Returns:
            The new section alone, on the primer's timeline, in seconds.
        """
        wish = Wish(generator_id, primer, bars, start, end, seed, 1, arguments)
        return self._generate(wish)[0]

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
        **arguments: ArgumentValue,
    ) -> list[NoteSequence]:
        """Has new music written several times over; arguments as in ``generate``.

        Args:
            generator_id: Who shall write.
            count: How many variations, 1 to 16; number i, counted from 0, is what
                ``generate`` gives for ``seed + i``.
            primer: The music so far.
            bars: Length in bars.
            start: Start in seconds, with ``end`` instead of ``bars``.
            end: End in seconds.
            seed: Seed of the first variation.
            **arguments: Values for the generator's arguments.

        Returns:
            The variations in order.
        """
        wish = Wish(generator_id, primer, bars, start, end, seed, count, arguments)
        return self._generate(wish)

    def stream(
        self,
        generator_id: str,
        *,
        primer: NoteSequence | None = None,
        bars: float | None = None,
        start: float | None = None,
        end: float | None = None,
        seed: int | None = None,
        **arguments: ArgumentValue,
    ) -> Iterator[NoteSequence]:
        """Has new music written and yields it piece by piece; arguments as in ``generate``.

        Closing the iterator, or leaving the loop over it, stops the writing.

        Yields:
            Notes that are now final, none twice; ``total_time`` says up to where, in seconds
            on the primer's timeline, the music is complete: no later note begins before it,
            though where voices overlap one at hand may end after it. The first piece carries
            tempo and meter. All merged, they are what ``generate`` returns.
        """
        wish = Wish(generator_id, primer, bars, start, end, seed, 1, arguments)
        return self._stream(build_stream_request(wish))

    def _generate(self, wish: Wish) -> list[NoteSequence]:
        request = build_request(wish)
        with self._errors():
            return list(self._stub.Generate(request, timeout=self._timeout).sequences)

    def _stream(self, request: pb.StreamGenerateRequest) -> Iterator[NoteSequence]:
        with self._errors():
            call = self._stub.StreamGenerate(request, timeout=self._timeout)
            try:
                for piece in call:
                    if not piece.last:
                        yield piece.chunk
            finally:
                call.cancel()

    @contextlib.contextmanager
    def _errors(self) -> Iterator[None]:
        if self._closed:
            raise ServerUnavailableError("This client is closed; open a new one.")
        try:
            yield
        except grpc.RpcError as error:
            raise error_of(error, self._address) from error
