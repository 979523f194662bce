"""``magenta-bridge health``: whether a server serves, for those who watch over it."""

from __future__ import annotations

from typing import Any

import click

from magenta_bridge.cli.options.client import RunningServer, server_options, take_server

_USUAL = "127.0.0.1:50051"
_PATIENCE_S = 5.0

_EXAMPLES = """\b
Examples:
  magenta-bridge health
  magenta-bridge health --server 192.168.1.20:50051 --tls-ca ca.crt
  magenta-bridge health --generator lstm_melody
"""


@click.command(epilog=_EXAMPLES)
@click.option("--generator", metavar="ID", help="Whether it can write, instead of the whole.")
@server_options
def health(generator: str | None, **options: Any) -> None:  # noqa: ANN401 - of several types
    """Ask a server whether it serves; by default the one on this computer.

    The exit status is 0 when it does and 1 when not. No token is needed.
    """
    server = take_server(options, default=_USUAL)
    assert server is not None  # noqa: S101 - there is a default
    subject = f"The server at {server.address}"
    if generator is not None:
        subject = f"The generator {generator} of the server at {server.address}"
    if not _is_serving(server, generator):
        raise click.ClickException(f"{subject} is not serving; it begins, or it is about to end.")
    click.echo(f"{subject} is serving.")


def _is_serving(server: RunningServer, generator: str | None) -> bool:
    with server.connect(_PATIENCE_S) as client:
        return client.is_serving(generator)
