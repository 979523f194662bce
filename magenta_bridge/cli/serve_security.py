"""Options of ``magenta-bridge serve`` that keep strangers out."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from magenta_bridge.cli.server_options import TOKEN_VARIABLE
from magenta_bridge.cli.words import ANY_FILE

if TYPE_CHECKING:
    from collections.abc import Callable

    from magenta_bridge.certificates import TlsFiles
    from magenta_bridge.server.settings import ServerSettings
    from magenta_bridge.server.tokens import Tokens

_Command = TypeVar("_Command", bound="Callable[..., Any]")

_OPTIONS = (
    click.option("--tls-cert", type=ANY_FILE, help="The server's certificate, a PEM file."),
    click.option("--tls-key", type=ANY_FILE, help="The certificate's key, a PEM file."),
    click.option(
        "--tls-client-ca",
        type=ANY_FILE,
        help="Let in only clients with certificates that this authority signed.",
    ),
    click.option(
        "--token-file",
        type=ANY_FILE,
        help="Let in only callers with a token: a file with one NAME:TOKEN a line. Another "
        f"token may stand in {TOKEN_VARIABLE}.",
    ),
)


class _Refusal(click.ClickException):
    """The command line asks for something that is not done; one sentence, without usage."""

    exit_code = 2


def security_options(command: _Command) -> _Command:
    """Adds the options to a command, which gets them as keyword arguments."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def take_security(options: dict[str, Any]) -> tuple[TlsFiles | None, Tokens | None]:
    """Takes the options out of those of a command and reads them.

    Args:
        options: Loses what is read here.

    Returns:
        Files for TLS, and tokens; None for each that is not asked for.

    Raises:
        MagentaBridgeError: The file of tokens cannot be used.
    """
    cert, key, ca, token_file = (
        options.pop(name) for name in ("tls_cert", "tls_key", "tls_client_ca", "token_file")
    )
    if (cert is None) != (key is None):
        raise click.UsageError("--tls-cert and --tls-key belong together; give both.")
    if cert is None and ca is not None:
        raise click.UsageError("--tls-client-ca needs --tls-cert and --tls-key.")
    from magenta_bridge.certificates import TlsFiles

    tls = None if cert is None else TlsFiles(ca=ca, cert=cert, key=key)
    return tls, _read_tokens(token_file)


def refuse_exposed(settings: ServerSettings) -> None:
    """Ends the command with status 2 where strangers could come in."""
    from magenta_bridge.errors import UnsupportedError
    from magenta_bridge.server.exposure import check_exposure

    try:
        check_exposure(settings)
    except UnsupportedError as error:
        raise _Refusal(error.message) from error


def _read_tokens(file: Path | None) -> Tokens | None:
    held = os.environ.get(TOKEN_VARIABLE)
    if file is None and held is None:
        return None
    from magenta_bridge.server.rotation import FileTokens
    from magenta_bridge.server.tokens import Tokens, make_token

    others = []
    if held is not None:
        others.append(make_token("environment", held, where=TOKEN_VARIABLE))
    return Tokens(others) if file is None else FileTokens(file, others)
