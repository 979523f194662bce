"""The options of ``serve`` that say how it is watched: its log, its metrics, its traces."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

import click

from magenta_bridge.cli.options.client import TOKEN_VARIABLE
from magenta_bridge.cli.options.types import ANY_FILE
from magenta_bridge.limits import CALLS_PER_SECOND, OPEN_REQUESTS

if TYPE_CHECKING:
    from collections.abc import Callable

    from magenta_bridge.certificates.tls import TlsFiles
    from magenta_bridge.server.idle_shutdown import IdleShutdownSettings
    from magenta_bridge.server.security.tokens import Tokens
    from magenta_bridge.server.settings import HttpSettings, ServerSettings


_Command = TypeVar("_Command", bound="Callable[..., Any]")
_HIGHEST_PORT = 65_535


def http_options(command: _Command) -> _Command:
    """Gives a command the options ``http_port``, ``no_http`` and ``http_origins``."""
    port = click.option(
        "--http-port",
        type=click.IntRange(0, _HIGHEST_PORT),
        help="Port for HTTP with JSON, 0 for any free one. Without it, the one after --port.",
    )
    none = click.option("--no-http", is_flag=True, help="Answer gRPC alone.")
    origin = click.option(
        "--http-origin",
        "http_origins",
        metavar="ORIGIN",
        multiple=True,
        help="Web pages that may ask, such as http://localhost:8000; may be given several times.",
    )
    return port(none(origin(command)))


def take_http(port: int, options: dict[str, Any]) -> HttpSettings | None:
    """Takes the options out of those of a command and returns what they ask for.

    Args:
        port: The port for gRPC.
        options: Loses what is read here.

    Returns:
        How to answer HTTP; None for not at all.

    Raises:
        click.UsageError: They contradict each other.
        InvalidArgumentError: An origin is none.
    """
    from magenta_bridge.server.http.origin_guard import read_origin
    from magenta_bridge.server.settings import HttpSettings

    http_port, no_http, origins = (
        options.pop(name) for name in ("http_port", "no_http", "http_origins")
    )
    if no_http:
        if http_port is not None or origins:
            raise click.UsageError("--no-http leaves nothing for the other HTTP options to say.")
        return None
    if http_port is None:
        if port == _HIGHEST_PORT:
            raise click.UsageError(f"No port comes after {port}; choose one with --http-port.")
        http_port = port + 1 if port else 0
    if http_port == port != 0:
        raise click.UsageError(f"--port and --http-port are both {port}; choose two.")
    return HttpSettings(port=http_port, origins=tuple(map(read_origin, origins)))


_LOAD_OPTIONS = (
    click.option(
        "--workers",
        type=click.IntRange(1, 256),
        help="Threads that write music at the same time. Without it, one for each core.",
    ),
    click.option(
        "--queue",
        type=click.IntRange(0, 4_096),
        default=OPEN_REQUESTS.value,
        show_default=True,
        help="Requests accepted beyond those; more are told to come back.",
    ),
    click.option(
        "--rate",
        "calls_per_second",
        type=click.IntRange(0, 10_000),
        help="Calls a second that one client may make on average; 0 for any number. Without "
        f"it, {CALLS_PER_SECOND.value} where other computers can reach the server, else any "
        "number.",
    ),
)


def load_options(command: _Command) -> _Command:
    """Adds the options to a command, which gets them as keyword arguments."""
    for option in reversed(_LOAD_OPTIONS):
        command = option(command)
    return command


def take_load(options: dict[str, Any]) -> dict[str, Any]:
    """Takes the options out of those of a command; returns them by names of ``ServerSettings``.

    Args:
        options: Loses what is returned.
    """
    return {name: options.pop(name) for name in ("workers", "queue", "calls_per_second")}


_SECURITY_OPTIONS = (
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
    for option in reversed(_SECURITY_OPTIONS):
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
    from magenta_bridge.certificates.tls import TlsFiles

    tls = None if cert is None else TlsFiles(ca=ca, cert=cert, key=key)
    return tls, _read_tokens(token_file)


def refuse_exposed(settings: ServerSettings) -> None:
    """Ends the command with status 2 where strangers could come in."""
    from magenta_bridge.errors import UnsupportedError
    from magenta_bridge.server.bind_policy import check_exposure

    try:
        check_exposure(settings)
    except UnsupportedError as error:
        raise _Refusal(error.message) from error


def _read_tokens(file: Path | None) -> Tokens | None:
    held = os.environ.get(TOKEN_VARIABLE)
    if file is None and held is None:
        return None
    from magenta_bridge.server.security.reloading import FileTokens
    from magenta_bridge.server.security.tokens import Tokens, make_token

    others = []
    if held is not None:
        others.append(make_token("environment", held, where=TOKEN_VARIABLE))
    return Tokens(others) if file is None else FileTokens(file, others)


_LINGER_SECONDS = 60


def user_options(command: _Command) -> _Command:
    """Gives a command the options ``users`` and ``linger``."""
    users = click.option(
        "--users",
        type=click.Path(file_okay=False, path_type=Path),
        metavar="FOLDER",
        help="Stay as long as somebody touches a file in this folder now and then; end after.",
    )
    linger = click.option(
        "--linger",
        type=click.IntRange(1, 86_400),
        metavar="SECONDS",
        help="How long to stay when no file there has been touched. Without it, "
        f"{_LINGER_SECONDS}.",
    )
    return users(linger(command))


def take_users(options: dict[str, Any]) -> IdleShutdownSettings | None:
    """Takes the options out of those of a command and returns what they ask for.

    Args:
        options: Loses what is read here.

    Returns:
        For whom the server is there; None for everybody, until it is stopped.

    Raises:
        click.UsageError: One is given that says nothing without the other.
    """
    from magenta_bridge.server.idle_shutdown import IdleShutdownSettings

    folder, linger = options.pop("users"), options.pop("linger")
    if folder is not None:
        return IdleShutdownSettings(folder, _LINGER_SECONDS if linger is None else linger)
    if linger is not None:
        raise click.UsageError("--linger says nothing without --users.")
    return None


P = ParamSpec("P")
T = TypeVar("T")

_LEVELS = ("debug", "info", "warning", "error")


@dataclass(frozen=True)
class Watching:
    """How a server is watched.

    Attributes:
        metrics_port: Port for Prometheus, 0 for any free one; None for no metrics.
        log_format: ``text`` or ``json``.
        log_level: Least level that is written.
        otel: Whether to send traces.
    """

    metrics_port: int | None
    log_format: str
    log_level: str
    otel: bool

    def logging(self) -> AbstractContextManager[None]:
        """Returns a context in which the log goes to standard error."""
        from magenta_bridge.server.telemetry.log_handler import logging_to

        return logging_to(sys.stderr, form=self.log_format, level=self.log_level)


def watch_options(
    command: Callable[Concatenate[Watching, P], T],
) -> Callable[..., T]:
    """Gives a command the options, and hands them to it as its first argument."""

    @click.option(
        "--metrics-port",
        type=click.IntRange(0, 65_535),
        help="Let Prometheus, and magenta-bridge top, read on this port of this computer; "
        "9464 is usual, 0 takes any free one. Without it nothing is counted.",
    )
    @click.option(
        "--log-format",
        type=click.Choice(["text", "json"]),
        default="text",
        show_default=True,
        help="How the log on standard error looks: for people or for programs.",
    )
    @click.option(
        "--log-level",
        type=click.Choice(_LEVELS),
        default="info",
        show_default=True,
        help="What is logged; info has a line for each call.",
    )
    @click.option("--otel", is_flag=True, help="Send a trace of each call (OpenTelemetry).")
    @functools.wraps(command)
    def with_options(
        metrics_port: int | None,
        log_format: str,
        log_level: str,
        otel: bool,
        *words: P.args,
        **options: P.kwargs,
    ) -> T:
        watching = Watching(metrics_port, log_format, log_level, otel)
        return command(watching, *words, **options)

    return with_options
