"""``magenta-bridge health``: check whether a server is serving."""

from __future__ import annotations

from typing import Any

import click

from magenta_bridge.cli.options.client import server_options, take_server

_DEFAULT_ADDRESS = "127.0.0.1:50051"
_TIMEOUT_SECONDS = 5.0

_EXAMPLES = """\b
Examples:
  magenta-bridge health
  magenta-bridge health --server 192.168.1.20:50051 --tls-ca ca.crt
  magenta-bridge health --generator lstm_melody
"""


@click.command(epilog=_EXAMPLES)
@click.option("--generator", metavar="ID", help="Check this generator instead of the whole server.")
@server_options
def health(generator: str | None, **options: Any) -> None:  # noqa: ANN401 - of several types
    """Check whether a server is serving; by default the one on this computer.

    The exit status is 0 if it is serving and 1 if not. No token is needed.
    """
    server = take_server(options, default=_DEFAULT_ADDRESS)
    assert server is not None  # noqa: S101 - there is a default
    subject = f"The server at {server.address}"
    if generator is not None:
        subject = f"The generator {generator} of the server at {server.address}"
    with server.connect(_TIMEOUT_SECONDS) as client:
        serving = client.is_serving(generator)
    if not serving:
        raise click.ClickException(f"{subject} is not serving (starting up or shutting down).")
    click.echo(f"{subject} is serving.")
