"""The asyncio client: the methods of the synchronous one, to be awaited."""

from __future__ import annotations

import asyncio
from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Coroutine,
    Iterable,
    Mapping,
    Sequence,
)
from types import TracebackType
from typing import Any

import grpc
from grpc_health.v1 import health_pb2

from magenta_bridge.arguments import check_text
from magenta_bridge.client.base import BaseClient, Stubs
from magenta_bridge.client.request import (
    MANY_AT_ONCE,
    GenerateMethods,
    check_concurrency,
    split_variations,
    take_notices,
)
from magenta_bridge.client.status import rpc_errors
from magenta_bridge.description import BundleInfo, GeneratorInfo, Notice
from magenta_bridge.errors import UnsupportedError
from magenta_bridge.noteseq import NoteSequence
from magenta_bridge.v1 import generation_pb2 as pb
from magenta_bridge.v1 import model_pb2


class AsyncClient(
    BaseClient,
    GenerateMethods[
        Coroutine[Any, Any, NoteSequence],
        Coroutine[Any, Any, list[NoteSequence]],
        AsyncGenerator[NoteSequence, None],
    ],
):
    """A client of a server for asyncio; arguments, results and errors as in ``Client``.

    Variations are generated concurrently.

    Threading: belongs to the event loop of its first call. It may be created anywhere.

    Example:
        async with AsyncClient("127.0.0.1:50051") as client:
            clip = await client.generate("lstm_melody", bars=4, seed=1)
    """

    _opened: tuple[asyncio.AbstractEventLoop, Stubs] | None = None

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
        """Close the connection; calls in flight are cancelled."""
        if self._opened is not None and not self._closed:
            await self._stubs.channel.close()
        self._closed = True

    async def generators(self) -> list[GeneratorInfo]:
        """Return the generators of the server, by id in alphabetical order."""
        pages = self._pages(self._stubs.generation.ListGenerators, pb.ListGeneratorsRequest())
        return [GeneratorInfo.from_message(row) async for page in pages for row in page.generators]

    async def generator(self, generator_id: str) -> GeneratorInfo:
        """Return one generator, as ``Client.generator`` does."""
        request = pb.GetGeneratorRequest(generator_id=check_text("generator_id", generator_id))
        response = await self._call(self._stubs.generation.GetGenerator, request)
        return GeneratorInfo.from_message(response.generator)

    async def is_serving(self, generator_id: str | None = None) -> bool:
        """Return whether the server is ready for requests, as ``Client.is_serving`` does."""
        with rpc_errors(self._settings.address):
            try:
                request = self._health_request(generator_id)
                response = await self._stubs.health.Check(request, timeout=self._timeout)
            except grpc.RpcError as error:
                if generator_id is not None:
                    await self.is_serving()
                raise self._unknown_service(error, generator_id) or error from error
        return bool(response.status == health_pb2.HealthCheckResponse.SERVING)

    async def bundles(self) -> list[BundleInfo]:
        """Return the bundles of the server's folder, as ``Client.bundles`` does."""
        pages = self._pages(self._stubs.models.ListBundles, model_pb2.ListBundlesRequest())
        return [BundleInfo.from_message(row) async for page in pages for row in page.bundles]

    async def load_bundle(self, name: str) -> GeneratorInfo:
        """Make the server load a bundle of its folder, as ``Client.load_bundle`` does."""
        request = model_pb2.LoadBundleRequest(name=check_text("name", name))
        response = await self._call(self._stubs.models.LoadBundle, request)
        return GeneratorInfo.from_message(response.generator)

    async def unload(self, generator_id: str) -> BundleInfo:
        """Unload a generator of the server's folder, as ``Client.unload`` does."""
        request = model_pb2.UnloadGeneratorRequest(
            generator_id=check_text("generator_id", generator_id)
        )
        response = await self._call(self._stubs.models.UnloadGenerator, request)
        return BundleInfo.from_message(response.bundle)

    async def generate_many(
        self, requests: Iterable[Mapping[str, Any]], *, concurrency: int = MANY_AT_ONCE
    ) -> list[NoteSequence]:
        """Generate for many requests at once, as ``Client.generate_many`` does."""
        free = asyncio.Semaphore(check_concurrency(concurrency))

        async def generate(request: Mapping[str, Any]) -> NoteSequence:
            async with free:
                return await self.generate(**request)

        return await _together([generate(request) for request in requests])

    @property
    def _stubs(self) -> Stubs:
        """The stubs of the running event loop, opened at the first call."""
        self._check_open()
        loop = asyncio.get_running_loop()
        if self._opened is None:
            self._opened = (loop, Stubs(self._settings.open_async()))
        opened_on, stubs = self._opened
        if opened_on is not loop:
            raise UnsupportedError(
                "This AsyncClient belongs to another event loop; create one in each event loop."
            )
        return stubs

    async def _generate(
        self, request: pb.GenerateRequest, notices: list[Notice] | None
    ) -> NoteSequence:
        answer = await self._call(self._stubs.generation.Generate, request)
        take_notices(notices, answer)
        sequence: NoteSequence = answer.sequences[0]
        return sequence

    async def _variations(
        self, request: pb.GenerateRequest, notices: list[Notice] | None
    ) -> list[NoteSequence]:
        # All variations have the same primer, and so the same notices.
        return await _together(
            [
                self._generate(one, None if index else notices)
                for index, one in enumerate(split_variations(request))
            ]
        )

    async def _stream(
        self, request: pb.StreamGenerateRequest, notices: list[Notice] | None
    ) -> AsyncGenerator[NoteSequence, None]:
        attempts, begun = self._attempts(), False
        with rpc_errors(self._settings.address):
            while True:
                call = self._stubs.generation.StreamGenerate(request, timeout=attempts.left)
                try:
                    async for piece in call:
                        begun = True
                        take_notices(notices, piece)
                        if not piece.last:
                            yield piece.chunk
                    return
                except grpc.RpcError as error:
                    if begun:
                        raise
                    await asyncio.sleep(self._pause(attempts, error))
                finally:
                    call.cancel()

    async def _pages(self, method: Any, request: Any) -> AsyncIterator[Any]:  # noqa: ANN401
        while True:
            page = await self._call(method, request)
            yield page
            if not page.next_page_token:
                return
            request.page_token = page.next_page_token

    async def _call(self, method: Any, request: object) -> Any:  # noqa: ANN401 - any message
        attempts = self._attempts()
        with rpc_errors(self._settings.address):
            while True:
                try:
                    return await method(request, timeout=attempts.left)
                except grpc.RpcError as error:
                    await asyncio.sleep(self._pause(attempts, error))


async def _together(calls: Sequence[Coroutine[Any, Any, NoteSequence]]) -> list[NoteSequence]:
    """Return the results of calls in order; the first error cancels the others."""
    tasks = [asyncio.ensure_future(call) for call in calls]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
