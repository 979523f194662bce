"""The asyncio client: the synchronous one's methods, to be awaited."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, Iterator
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


class AsyncClient:
    """Talks to a server; arguments, results and errors as in ``Client``.

    Threading: belongs to the event loop that it is made on.

    Args:
        address: ``HOST:PORT`` of the server.
        timeout: Seconds that one call may take, from the request to the last note.
        keepalive: Seconds of silence during a call after which the server is asked whether it
            is still there, 1 to 3600; it has half of that to answer.

    Raises:
        InvalidArgumentError: The address is not of the form ``HOST:PORT``, or another
            argument is out of its range.

    Example:
        async with AsyncClient("127.0.0.1:50051") as bridge:
            clip = await bridge.generate("lstm_melody", bars=4, seed=1)
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
        self._channel = grpc.aio.insecure_channel(address, options=options)
        self._stub = generation_pb2_grpc.GenerationServiceStub(self._channel)

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Lets go of the connection; calls under way are cancelled."""
        self._closed = True
        await self._channel.close()

    async def generators(self) -> list[Generator]:
        """Returns the generators of the server, by id in alphabetical order."""
        found: list[Generator] = []
        request = pb.ListGeneratorsRequest()
        while True:
            with self._errors():
                page = await self._stub.ListGenerators(request, timeout=self._timeout)
            found.extend(read_generator(message) for message in page.generators)
            if not page.next_page_token:
                return found
            request.page_token = page.next_page_token

    async def generator(self, generator_id: str) -> Generator:
        """Returns one generator, as ``Client.generator`` does."""
        request = pb.GetGeneratorRequest(generator_id=generator_id)
        with self._errors():
            response = await self._stub.GetGenerator(request, timeout=self._timeout)
        return read_generator(response.generator)

    async def generate(
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
        """Has new music written, as ``Client.generate`` does."""
        wish = Wish(generator_id, primer, bars, start, end, seed, 1, arguments)
        return (await self._generate(wish))[0]

    async def variations(
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
        """Has new music written several times over, as ``Client.variations`` does."""
        wish = Wish(generator_id, primer, bars, start, end, seed, count, arguments)
        return await self._generate(wish)

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
    ) -> AsyncGenerator[NoteSequence, None]:
        """Yields new music piece by piece, as ``Client.stream`` does.

        Leaving the loop early stops the writing once the generator is closed; use
        ``contextlib.aclosing`` to have that at once.
        """
        wish = Wish(generator_id, primer, bars, start, end, seed, 1, arguments)
        return self._stream(build_stream_request(wish))

    async def _generate(self, wish: Wish) -> list[NoteSequence]:
        request = build_request(wish)
        with self._errors():
            response = await self._stub.Generate(request, timeout=self._timeout)
        return list(response.sequences)

    async def _stream(
        self, request: pb.StreamGenerateRequest
    ) -> AsyncGenerator[NoteSequence, None]:
        with self._errors():
            call = self._stub.StreamGenerate(request, timeout=self._timeout)
            try:
                async for piece in call:
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
