"""A real server of one generator with TLS or tokens, and certificates for it."""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import trustme

from magenta_bridge.certificates.tls import TlsFiles
from magenta_bridge.generators.registry import GeneratorRegistry
from magenta_bridge.server.app import BridgeServer
from magenta_bridge.server.rpc.boundary import Observer
from magenta_bridge.server.rpc.call import Call
from magenta_bridge.server.security.tokens import Tokens, make_token
from magenta_bridge.server.settings import ServerSettings
from magenta_bridge.server.workers.pool import WorkerPool
from tests.contract.fake_generator import ScaleGenerator

MARIA: Final = "maria-0123456789-0123456789-0123456789"
OWNER: Final = "owner-9876543210-9876543210-9876543210"
STRANGER: Final = "other-0123456789-0123456789-0123456789"
LONG_AGO: Final = datetime.datetime(2021, 1, 1, tzinfo=datetime.timezone.utc)


def known_tokens() -> Tokens:
    """Return an ordinary and an administrator's token."""
    return Tokens(
        [
            make_token("maria", MARIA, where="test"),
            make_token("owner", OWNER, admin=True, where="test"),
        ]
    )


@dataclass(frozen=True)
class Authority:
    """A certificate authority and the folder of its files.

    Attributes:
        ca: Issues certificates.
        folder: Where to write them.
    """

    ca: trustme.CA
    folder: Path

    @property
    def file(self) -> Path:
        """The authority's own certificate."""
        path = self.folder / "ca.crt"
        self.ca.cert_pem.write_to_path(str(path))
        return path

    def issue(self, host: str, *, name: str = "", expired: bool = False) -> TlsFiles:
        """Issue a certificate.

        Args:
            host: Its host name or IP address.
            name: Its common name.
            expired: Whether it has expired.
        """
        cert = self.ca.issue_cert(
            host,
            common_name=name or None,
            not_before=LONG_AGO - datetime.timedelta(days=1) if expired else None,
            not_after=LONG_AGO if expired else None,
        )
        stem = self.folder / f"{host.replace(':', '_')}-{name}-{expired}"
        files = TlsFiles(cert=Path(f"{stem}.crt"), key=Path(f"{stem}.key"))
        cert.private_key_pem.write_to_path(str(files.key))
        Path(str(files.key)).chmod(0o600)
        for index, pem in enumerate(cert.cert_chain_pems):
            pem.write_to_path(str(files.cert), append=index > 0)
        return files


class CallBook:
    """An observer that keeps the completed calls, as the gates returned them."""

    def __init__(self) -> None:
        self.calls: list[Call] = []

    def began(self, call: Call) -> None:
        """Do nothing; see ``Observer``."""

    def ended(self, call: Call, code: str, reason: str, seconds: float) -> None:  # noqa: ARG002
        """Keep the call; see ``Observer``."""
        self.calls.append(call)


@contextlib.contextmanager
def running(settings: ServerSettings, book: CallBook | None = None) -> Iterator[str]:
    """Run a server of the generator ``scale`` in a thread and yield its address.

    Args:
        settings: How it behaves.
        book: Observes its calls.
    """

    class Server(BridgeServer):
        def _observers(self) -> list[Observer]:
            return [*super()._observers(), *([book] if book else [])]

    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    async def start() -> tuple[BridgeServer, str]:
        registry = GeneratorRegistry([ScaleGenerator()])
        server = Server(registry, settings, workers=WorkerPool(1))
        return server, await server.start()

    try:
        server, address = asyncio.run_coroutine_threadsafe(start(), loop).result(60)
        try:
            yield address
        finally:
            asyncio.run_coroutine_threadsafe(server.drain(0), loop).result(60)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
