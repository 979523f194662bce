"""The synchronous client."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Any

import grpc
from grpc_health.v1 import health_pb2

from magenta_bridge.arguments import check_text
from magenta_bridge.certificates.tls import TlsFiles
from magenta_bridge.client.base import BaseClient, Stubs
from magenta_bridge.client.channel import DEFAULT_ADDRESS, DEFAULT_TIMEOUT, KEEPALIVE_SECONDS
from magenta_bridge.client.request import (
    MANY_AT_ONCE,
    GenerateMethods,
    check_concurrency,
    take_notices,
)
from magenta_bridge.client.status import rpc_errors
from magenta_bridge.description import BundleInfo, GeneratorInfo, Notice
from magenta_bridge.noteseq import NoteSequence
from magenta_bridge.v1 import generation_pb2 as pb
from magenta_bridge.v1 import model_pb2


class Client(BaseClient, GenerateMethods[NoteSequence, list[NoteSequence], Iterator[NoteSequence]]):
    """A client of a server.

    Every method raises the errors of ``magenta_bridge.errors``, including those of the server;
    ``ServerUnavailableError`` when there is no server.

    Threading: safe from any number of threads.

    Args:
        address: ``HOST:PORT`` of the server.
        timeout: Seconds that one call may take, from the request to the last note.
        token: Sent to the server with every call, if it needs one. The client rejects a token
            that would be sent in plaintext to another computer.
        tls: Files for TLS, or True for TLS with gRPC's certificate authorities; None for
            plaintext, which servers accept only on their own computer.
        keepalive: Seconds without data during a call after which a ping is sent, 1 to 3600;
            the server has half of that to reply.
        retry: Whether to try a call again that an overloaded server rejected, when the server
            says, until the timeout.

    Raises:
        InvalidArgumentError: The address is not of the form ``HOST:PORT``, the token has
            invalid characters, or ``keepalive`` is out of range.
        UnsupportedError: The token would be sent in plaintext to another computer.
        NotFoundError: A file for TLS does not exist.
        FileFormatError: A file for TLS is damaged, encrypted or expired.

    Example:
        with Client("127.0.0.1:50051") as client:
            clip = client.generate("lstm_melody", primer=read("tune.mid"), bars=4, seed=1)
    """

    def __init__(
        self,
        address: str = DEFAULT_ADDRESS,
        timeout: float = DEFAULT_TIMEOUT,
        *,
        token: str | None = None,
        tls: TlsFiles | bool | None = None,
        keepalive: float = KEEPALIVE_SECONDS,
        retry: bool = True,
    ) -> None:
        super().__init__(address, timeout, token=token, tls=tls, keepalive=keepalive, retry=retry)
        self._stubs = Stubs(self._settings.open())

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
        """Close the connection; calls in flight are cancelled."""
        self._closed = True
        self._stubs.channel.close()

    def generators(self) -> list[GeneratorInfo]:
        """Return the generators of the server, by id in alphabetical order."""
        pages = self._pages(self._stubs.generation.ListGenerators, pb.ListGeneratorsRequest())
        return [GeneratorInfo.from_message(row) for page in pages for row in page.generators]

    def generator(self, generator_id: str) -> GeneratorInfo:
        """Return one generator.

        Raises:
            NotFoundError: The server has no generator of that id.
        """
        request = pb.GetGeneratorRequest(generator_id=check_text("generator_id", generator_id))
        response = self._call(self._stubs.generation.GetGenerator, request)
        return GeneratorInfo.from_message(response.generator)

    def is_serving(self, generator_id: str | None = None) -> bool:
        """Return whether the server is ready for requests; the whole server needs no token.

        Args:
            generator_id: Id of one generator; None for the server as a whole.

        Raises:
            NotFoundError: The server has no generator of that id.
            ServerUnavailableError: There is no server, or it is another program or version.
        """
        self._check_open()
        with rpc_errors(self._settings.address):
            try:
                request = self._health_request(generator_id)
                response = self._stubs.health.Check(request, timeout=self._timeout)
            except grpc.RpcError as error:
                if generator_id is not None:
                    self.is_serving()  # raises if the server is another program
                raise self._unknown_service(error, generator_id) or error from error
        return bool(response.status == health_pb2.HealthCheckResponse.SERVING)

    def bundles(self) -> list[BundleInfo]:
        """Return the bundles of the server's folder, by name in alphabetical order.

        Raises:
            PermissionDeniedError: The caller is not an administrator of the server.
        """
        pages = self._pages(self._stubs.models.ListBundles, model_pb2.ListBundlesRequest())
        return [BundleInfo.from_message(row) for page in pages for row in page.bundles]

    def load_bundle(self, name: str) -> GeneratorInfo:
        """Make the server load or reload a bundle of its folder at once.

        Calls in flight finish with the former generator, which stays if the bundle is invalid.

        Args:
            name: Name of the file, e.g. ``my_tunes.mag``; never a path.

        Returns:
            The generator, ready.

        Raises:
            NotFoundError: The folder has no such file.
            BundleError: The bundle is invalid, or another generator has its id.
            UnsupportedError: The server does not follow a folder.
            PermissionDeniedError: The caller is not an administrator of the server.
        """
        request = model_pb2.LoadBundleRequest(name=check_text("name", name))
        response = self._call(self._stubs.models.LoadBundle, request)
        return GeneratorInfo.from_message(response.generator)

    def unload(self, generator_id: str) -> BundleInfo:
        """Unload a generator of the server's folder; its file stays.

        Returns:
            The bundle of the generator.

        Raises:
            NotFoundError: The server has no generator of that id.
            UnsupportedError: The generator does not come from the folder.
            PermissionDeniedError: The caller is not an administrator of the server.
        """
        request = model_pb2.UnloadGeneratorRequest(
            generator_id=check_text("generator_id", generator_id)
        )
        response = self._call(self._stubs.models.UnloadGenerator, request)
        return BundleInfo.from_message(response.bundle)

    def generate_many(
        self, requests: Iterable[Mapping[str, Any]], *, concurrency: int = MANY_AT_ONCE
    ) -> list[NoteSequence]:
        """Generate for many requests at once.

        Args:
            requests: The arguments of ``generate`` by name, for each clip.
            concurrency: Maximum number of requests in flight, 1 to 100.

        Returns:
            The clips, in the order of the requests.

        Raises:
            MagentaBridgeError: The first request that failed; the others are dropped.
        """
        with ThreadPoolExecutor(check_concurrency(concurrency)) as pool:
            try:
                return list(pool.map(lambda request: self.generate(**request), requests))
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise

    def _generate(self, request: pb.GenerateRequest, notices: list[Notice] | None) -> NoteSequence:
        return self._variations(request, notices)[0]

    def _variations(
        self, request: pb.GenerateRequest, notices: list[Notice] | None
    ) -> list[NoteSequence]:
        answer = self._call(self._stubs.generation.Generate, request)
        take_notices(notices, answer)
        return list(answer.sequences)

    def _stream(
        self, request: pb.StreamGenerateRequest, notices: list[Notice] | None
    ) -> Iterator[NoteSequence]:
        self._check_open()
        attempts, begun = self._attempts(), False
        with rpc_errors(self._settings.address):
            while True:
                call = self._stubs.generation.StreamGenerate(request, timeout=attempts.left)
                try:
                    for piece in call:
                        begun = True
                        take_notices(notices, piece)
                        if not piece.last:
                            yield piece.chunk
                    return
                except grpc.RpcError as error:
                    if begun:
                        raise
                    time.sleep(self._pause(attempts, error))
                finally:
                    call.cancel()

    def _pages(self, method: Any, request: Any) -> Iterator[Any]:  # noqa: ANN401 - any messages
        while True:
            page = self._call(method, request)
            yield page
            if not page.next_page_token:
                return
            request.page_token = page.next_page_token

    def _call(self, method: Any, request: object) -> Any:  # noqa: ANN401 - any message
        self._check_open()
        attempts = self._attempts()
        with rpc_errors(self._settings.address):
            while True:
                try:
                    return method(request, timeout=attempts.left)
                except grpc.RpcError as error:
                    time.sleep(self._pause(attempts, error))
