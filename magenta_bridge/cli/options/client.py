"""Options that say which running server to ask, and how to come in there."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from magenta_bridge.cli.options.types import ANY_FILE, read_address

if TYPE_CHECKING:
    from collections.abc import Callable

    from magenta_bridge.certificates.tls import TlsFiles
    from magenta_bridge.client import Client

_Command = TypeVar("_Command", bound="Callable[..., Any]")

TOKEN_VARIABLE = "MAGENTA_BRIDGE_TOKEN"  # noqa: S105 - its name

_OPTIONS = (
    click.option(
        "--server", type=read_address, metavar="HOST:PORT", help="A running server to ask."
    ),
    click.option(
        "--tls", is_flag=True, help="Ask it over TLS, by the authorities that are known to all."
    ),
    click.option("--tls-ca", type=ANY_FILE, help="Ask it over TLS, by this authority: a PEM file."),
    click.option("--tls-cert", type=ANY_FILE, help="Your certificate, where the server asks."),
    click.option("--tls-key", type=ANY_FILE, help="The key of your certificate."),
    click.option(
        "--token-file",
        type=ANY_FILE,
        help=f"Show it the first token of this file; without it, that of {TOKEN_VARIABLE}.",
    ),
)


@dataclass(frozen=True)
class RunningServer:
    """A server to ask.

    Attributes:
        address: ``HOST:PORT``.
        tls: Files for TLS; True for TLS without any; None for plaintext.
        token: What to show; None for nothing.
    """

    address: str
    tls: TlsFiles | bool | None = None
    token: str | None = field(default=None, repr=False)

    def connect(self, timeout: float | None = None) -> Client:
        """Returns a client of it.

        Args:
            timeout: Seconds that a call may take; None for the usual.

        Raises:
            MagentaBridgeError: A file cannot be used, or the token would be seen by others.
        """
        from magenta_bridge.client import Client

        limits = {} if timeout is None else {"timeout": timeout}
        return Client(self.address, token=self.token, tls=self.tls, **limits)


def server_options(command: _Command) -> _Command:
    """Adds the options to a command, which gets them as keyword arguments."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def take_server(options: dict[str, Any], default: str | None = None) -> RunningServer | None:
    """Takes the options out of those of a command and reads them.

    Args:
        options: Loses what is read here.
        default: Address of the server where none is named; None for no server then.

    Raises:
        MagentaBridgeError: The file of the token cannot be used.
    """
    address = options.pop("server") or default
    tls, token_file = options.pop("tls"), options.pop("token_file")
    ca, cert, key = (options.pop(f"tls_{name}") for name in ("ca", "cert", "key"))
    if address is None:
        if tls or any((ca, cert, key, token_file)):
            raise click.UsageError("--tls... and --token-file are for a --server; name it.")
        return None
    if (cert is None) != (key is None):
        raise click.UsageError("--tls-cert and --tls-key belong together; give both.")
    files = _files(ca, cert, key)
    return RunningServer(address, files or bool(tls) or None, _token(token_file))


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
