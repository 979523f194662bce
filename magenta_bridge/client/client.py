"""The synchronous client."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from types import TracebackType

import grpc
from grpc_health.v1 import health_pb2_grpc

from magenta_bridge.certificates.tls import TlsFiles
from magenta_bridge.client.bundle import Bundle, read_bundle
from magenta_bridge.client.channel import DEFAULT_ADDRESS, DEFAULT_TIMEOUT, KEEPALIVE_SECONDS
from magenta_bridge.client.generator import ArgumentValue, Generator, read_generator
from magenta_bridge.client.health import health_request, says_serving, unknown_generator
from magenta_bridge.client.request import GenerateParams, build_request, build_stream_request
from magenta_bridge.client.security import open_channel
from magenta_bridge.client.status import error_of
from magenta_bridge.errors import ServerUnavailableError
from magenta_bridge.noteseq import NoteSequence
from magenta_bridge.v1 import generation_pb2 as pb
from magenta_bridge.v1 import generation_pb2_grpc, model_pb2, model_pb2_grpc


class Client:
    """Talks to a server.

    Every method raises the errors of ``magenta_bridge.errors``, those of the server among
    them; ``ServerUnavailableError`` when none answers.

    Threading: safe from any number of threads.

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
        with Client("127.0.0.1:50051") as bridge:
            clip = bridge.generate("lstm_melody", primer=read("tune.mid"), bars=4, seed=1)
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
        self._channel = open_channel(address, token, tls, keepalive)
        self._stub = generation_pb2_grpc.GenerationServiceStub(self._channel)
        self._health = health_pb2_grpc.HealthStub(self._channel)
        self._models = model_pb2_grpc.ModelServiceStub(self._channel)

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

    def is_serving(self, generator_id: str | None = None) -> bool:
        """Returns whether the server is ready for requests; it asks for no token here.

        Args:
            generator_id: Of one generator; None for the server as a whole.

        Raises:
            NotFoundError: The server has no generator of that id.
        """
        request = health_request(generator_id)
        with self._errors():
            try:
                answer = self._health.Check(request, timeout=self._timeout)
            except grpc.RpcError as error:
                raise unknown_generator(error, generator_id, self._address) or error from error
        return says_serving(answer)

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
        wish = GenerateParams(generator_id, primer, bars, start, end, seed, 1, arguments)
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
        wish = GenerateParams(generator_id, primer, bars, start, end, seed, count, arguments)
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
        wish = GenerateParams(generator_id, primer, bars, start, end, seed, 1, arguments)
        return self._stream(build_stream_request(wish))

    def bundles(self) -> list[Bundle]:
        """Returns the bundles of the server's folder, by name in alphabetical order.

        Raises:
            PermissionDeniedError: The server does not know us for an administrator.
        """
        found: list[Bundle] = []
        request = model_pb2.ListBundlesRequest()
        while True:
            with self._errors():
                page = self._models.ListBundles(request, timeout=self._timeout)
            found.extend(read_bundle(message) for message in page.bundles)
            if not page.next_page_token:
                return found
            request.page_token = page.next_page_token

    def load_bundle(self, name: str) -> Generator:
        """Has the server load a bundle of its folder, or load it again, at once.

        Calls in hand end with the generator that was there before; it stays if the bundle cannot
        be used.

        Args:
            name: Name of the file, e.g. ``my_tunes.mag``; never a path.

        Returns:
            The generator, ready.

        Raises:
            NotFoundError: The folder holds no such file.
            BundleError: It cannot be used, or its id belongs to another generator.
            UnsupportedError: The server follows no folder.
            PermissionDeniedError: The server does not know us for an administrator.
        """
        request = model_pb2.LoadBundleRequest(name=name)
        with self._errors():
            response = self._models.LoadBundle(request, timeout=self._timeout)
        return read_generator(response.generator)

    def unload(self, generator_id: str) -> Bundle:
        """Takes a generator of the server's folder out of service; its file stays.

        Returns:
            The bundle that it came from.

        Raises:
            NotFoundError: The server has no generator of that id.
            UnsupportedError: It does not come from the folder.
            PermissionDeniedError: The server does not know us for an administrator.
        """
        request = model_pb2.UnloadGeneratorRequest(generator_id=generator_id)
        with self._errors():
            response = self._models.UnloadGenerator(request, timeout=self._timeout)
        return read_bundle(response.bundle)

    def _generate(self, wish: GenerateParams) -> list[NoteSequence]:
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
