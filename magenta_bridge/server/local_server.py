"""A server in a thread of this process, for notebooks, scripts and tests."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import threading
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from magenta_bridge.errors import InvalidArgumentError
from magenta_bridge.generators.loading import bundles_to_serve, find_bundle_file
from magenta_bridge.generators.registry import GeneratorRegistry
from magenta_bridge.server.app import BridgeServer
from magenta_bridge.server.bundles.sources import Sources
from magenta_bridge.server.settings import HOST, ServerSettings

DEFAULT_PORT = 50_051


def serve(
    port: int = DEFAULT_PORT,
    *,
    bundles: Sequence[str | os.PathLike[str]] | None = None,
    **settings: Any,  # noqa: ANN401 - the fields of ServerSettings
) -> LocalServer:
    """Start a gRPC server in this process; it runs until it is closed.

    Args:
        port: Port of 127.0.0.1; 0 for any free one.
        bundles: ``.mag`` files, or ids of shipped bundles; None for all shipped ones.
        **settings: Other fields of ``ServerSettings``, such as ``workers`` and ``tokens``, or
            ``address`` and ``sources`` instead of ``port`` and ``bundles``. There is an HTTP
            port only with ``http=HttpSettings()``.

    Returns:
        The server, ready for requests.

    Raises:
        InvalidArgumentError: There is no such setting, or the address is invalid.
        UnsupportedError: The port is in use, or other computers could reach the server without
            TLS and authentication.
        NotFoundError: A file does not exist.
        BundleError: A bundle cannot be used.

    Example:
        with serve(port=0) as server, Client(server.address) as client:
            clip = client.generate("lstm_melody")
    """
    if "sources" not in settings:
        files = None
        if bundles is not None:
            files = [find_bundle_file(str(Path(each).expanduser())) for each in bundles]
        settings["sources"] = Sources(files=bundles_to_serve(files))
    for name in settings.keys() - {each.name for each in dataclasses.fields(ServerSettings)}:
        raise InvalidArgumentError(f"The server has no setting {name!r}.", field=name)
    return LocalServer(ServerSettings(**{"address": f"{HOST}:{port}", **settings}))


class LocalServer:
    """A server that runs in a thread of its own; ``serve`` starts one.

    Threading: safe from any thread but its own.

    Attributes:
        address: ``HOST:PORT`` of the server.
    """

    def __init__(self, settings: ServerSettings) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(
            target=self._loop.run_forever, name="magenta-bridge server", daemon=True
        )
        self._thread.start()
        self._server: BridgeServer | None = None
        try:
            self.address = self._run(self._start(settings))
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> LocalServer:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<LocalServer at {self.address}>"

    def close(self) -> None:
        """Finish the calls in flight within the grace period, then close the port."""
        if self._loop.is_closed():
            return
        if self._server is not None:
            self._run(self._server.drain())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _start(self, settings: ServerSettings) -> str:
        # Created on the loop to which gRPC binds it.
        self._server = BridgeServer(GeneratorRegistry(), settings)
        return await self._server.start()

    def _run(self, work: Any) -> Any:  # noqa: ANN401 - any coroutine
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()
