"""The options of ``serve`` that are about its HTTP port."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from magenta_bridge.server.http.settings import HttpSettings

F = TypeVar("F", bound=Callable[..., Any])
_HIGHEST_PORT = 65_535


def http_options(command: F) -> F:
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
    from magenta_bridge.server.http.settings import HttpSettings

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
