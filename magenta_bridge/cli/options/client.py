"""Options for the server to connect to, and for its security."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from magenta_bridge.cli.options.types import ANY_FILE, read_address

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from magenta_bridge.certificates.tls import TlsFiles
    from magenta_bridge.client import Client
    from magenta_bridge.local import LocalClient

_Command = TypeVar("_Command", bound="Callable[..., Any]")

TOKEN_VARIABLE = "MAGENTA_BRIDGE_TOKEN"  # noqa: S105 - its name

_OPTIONS = (
    click.option(
        "--server", type=read_address, metavar="HOST:PORT", help="A running server to use."
    ),
    click.option(
        "--tls", is_flag=True, help="Connect with TLS, using the system's CA certificates."
    ),
    click.option(
        "--tls-ca", type=ANY_FILE, help="Connect with TLS, using this CA certificate: a PEM file."
    ),
    click.option(
        "--tls-cert", type=ANY_FILE, help="Client certificate, if the server requires one."
    ),
    click.option("--tls-key", type=ANY_FILE, help="Key of the client certificate."),
    click.option(
        "--token-file",
        type=ANY_FILE,
        help=f"File whose first token to send; {TOKEN_VARIABLE} by default.",
    ),
)


@dataclass(frozen=True)
class RunningServer:
    """Where a server is, and how to connect to it.

    Attributes:
        address: ``HOST:PORT``.
        tls: Files for TLS; True for TLS without files; None for plaintext.
        token: The token to send; None for none.
    """

    address: str
    tls: TlsFiles | bool | None = None
    token: str | None = field(default=None, repr=False)

    def connect(self, timeout: float | None = None) -> Client:
        """Return a client of the server.

        Args:
            timeout: Seconds that a call may take; None for the default.

        Raises:
            MagentaBridgeError: A file is invalid, or the token would be sent in plaintext.
        """
        from magenta_bridge.client import Client
        from magenta_bridge.client.channel import DEFAULT_TIMEOUT

        seconds = DEFAULT_TIMEOUT if timeout is None else timeout
        return Client(self.address, seconds, token=self.token, tls=self.tls)


def server_options(command: _Command) -> _Command:
    """Add the options to a command, which gets them as keyword arguments."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def take_server(options: dict[str, Any], default: str | None = None) -> RunningServer | None:
    """Remove these options from a command's, and return the server.

    Args:
        options: The command's options; these are removed.
        default: Address without ``--server``; None for no server.

    Raises:
        MagentaBridgeError: The token file is invalid.
    """
    address = options.pop("server") or default
    tls, token_file = options.pop("tls"), options.pop("token_file")
    ca, cert, key = (options.pop(f"tls_{name}") for name in ("ca", "cert", "key"))
    if address is None:
        if tls or any((ca, cert, key, token_file)):
            raise click.UsageError("--tls... and --token-file require --server.")
        return None
    if (cert is None) != (key is None):
        raise click.UsageError("--tls-cert and --tls-key must be given together.")
    files = _files(ca, cert, key)
    return RunningServer(address, files or bool(tls) or None, _token(token_file))


@contextlib.contextmanager
def open_client(
    server: RunningServer | None, bundles: Sequence[Path] = ()
) -> Iterator[Client | LocalClient]:
    """Connect to a running server, or load bundles into this process.

    Args:
        server: A server; None to generate in this process.
        bundles: ``.mag`` files to load here; the shipped ones when empty.

    Raises:
        BundleError: A bundle cannot be used.
    """
    if server is not None:
        with server.connect() as client:
            yield client
        return
    from magenta_bridge.generators.loading import load_registry
    from magenta_bridge.local import LocalClient

    yield LocalClient(load_registry(list(bundles) or None))


def _files(ca: Path | None, cert: Path | None, key: Path | None) -> TlsFiles | None:
    if ca is None and cert is None:
        return None
    from magenta_bridge.certificates.tls import TlsFiles

    return TlsFiles(ca=ca, cert=cert, key=key)


def _token(file: Path | None) -> str | None:
    if file is None:
        return os.environ.get(TOKEN_VARIABLE) or None
    from magenta_bridge.server.security.tokens import read_first_token

    return read_first_token(file)
