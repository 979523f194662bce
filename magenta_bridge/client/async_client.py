"""The asyncio client: the synchronous one's methods, to be awaited."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, Iterator
from types import TracebackType

import grpc
from grpc_health.v1 import health_pb2_grpc

from magenta_bridge.certificates.tls import TlsFiles
from magenta_bridge.client.bundle import Bundle, read_bundle
from magenta_bridge.client.channel import DEFAULT_ADDRESS, DEFAULT_TIMEOUT, KEEPALIVE_SECONDS
from magenta_bridge.client.generator import ArgumentValue, Generator, read_generator
from magenta_bridge.client.health import health_request, says_serving, unknown_generator
from magenta_bridge.client.request import GenerateParams, build_request, build_stream_request
from magenta_bridge.client.security import open_async_channel
from magenta_bridge.client.status import error_of
from magenta_bridge.errors import ServerUnavailableError
from magenta_bridge.noteseq import NoteSequence
from magenta_bridge.v1 import generation_pb2 as pb
from magenta_bridge.v1 import generation_pb2_grpc, model_pb2, model_pb2_grpc


class AsyncClient:
    """Talks to a server; arguments, results and errors as in ``Client``.

    Threading: belongs to the event loop that it is made on.

    Args:
        address: ``HOST:PORT`` of the server.
        timeout: Seconds that one call may take, from the request to the last note.
        token: Shown to the server with every call, where it asks for one. It is refused
            where other computers could read it on its way.
        tls: Files for TLS, or True for TLS by the authorities that gRPC knows; None for
            plaintext, which servers speak on their own computer only.
        keepalive: Seconds of silence during a call after which the server is asked whether it
            is still there, 1 to 3600; it has half of that to answer.

    Raises:
        InvalidArgumentError: The address is not of the form ``HOST:PORT``, the token is none, or
            ``keepalive`` is out of its range.
        UnsupportedError: The token would be sent in plaintext to another computer.
        NotFoundError: A file for TLS is not there.
        FileFormatError: A file for TLS is damaged, encrypted or expired.

    Example:
        async with AsyncClient("127.0.0.1:50051") as bridge:
            clip = await bridge.generate("lstm_melody", bars=4, seed=1)
    """

    def __init__(
        self,
        address: str = DEFAULT_ADDRESS,
        timeout: float = DEFAULT_TIMEOUT,
        *,
        token: str | None = None,
        tls: TlsFiles | bool | None = None,
        keepalive: float = KEEPALIVE_SECONDS,
    ) -> None:
        self._address = address
        self._timeout = timeout
        self._closed = False
        self._channel = open_async_channel(address, token, tls, keepalive)
        self._stub = generation_pb2_grpc.GenerationServiceStub(self._channel)
        self._health = health_pb2_grpc.HealthStub(self._channel)
        self._models = model_pb2_grpc.ModelServiceStub(self._channel)

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

    async def is_serving(self, generator_id: str | None = None) -> bool:
        """Returns whether the server is ready for requests, as ``Client.is_serving`` does."""
        request = health_request(generator_id)
        with self._errors():
            try:
                answer = await self._health.Check(request, timeout=self._timeout)
            except grpc.RpcError as error:
                raise unknown_generator(error, generator_id, self._address) or error from error
        return says_serving(answer)

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
        wish = GenerateParams(generator_id, primer, bars, start, end, seed, 1, arguments)
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
        wish = GenerateParams(generator_id, primer, bars, start, end, seed, count, arguments)
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
        wish = GenerateParams(generator_id, primer, bars, start, end, seed, 1, arguments)
        return self._stream(build_stream_request(wish))

    async def bundles(self) -> list[Bundle]:
        """Returns the bundles of the server's folder, as ``Client.bundles`` does."""
        found: list[Bundle] = []
        request = model_pb2.ListBundlesRequest()
        while True:
            with self._errors():
                page = await self._models.ListBundles(request, timeout=self._timeout)
            found.extend(read_bundle(message) for message in page.bundles)
            if not page.next_page_token:
                return found
            request.page_token = page.next_page_token

    async def load_bundle(self, name: str) -> Generator:
        """Has a bundle loaded, as ``Client.load_bundle`` does."""
        request = model_pb2.LoadBundleRequest(name=name)
        with self._errors():
            response = await self._models.LoadBundle(request, timeout=self._timeout)
        return read_generator(response.generator)

    async def unload(self, generator_id: str) -> Bundle:
        """Takes a generator out of service, as ``Client.unload`` does."""
        request = model_pb2.UnloadGeneratorRequest(generator_id=generator_id)
        with self._errors():
            response = await self._models.UnloadGenerator(request, timeout=self._timeout)
        return read_bundle(response.bundle)

    async def _generate(self, wish: GenerateParams) -> list[NoteSequence]:
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
