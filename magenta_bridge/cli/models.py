"""``magenta-bridge models``: an administrator looks after the bundles of a running server."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from magenta_bridge.cli.options.client import RunningServer, server_options, take_server

if TYPE_CHECKING:
    from magenta_bridge.client.bundle import Bundle

_USUAL = "127.0.0.1:50051"

_EXAMPLES = """\b
Examples:
  magenta-bridge models status
  magenta-bridge models load my_tunes.mag
  magenta-bridge models unload my_tunes --server 192.168.1.20:50051 --tls-ca ca.crt \\
      --token-file admin.txt
"""


@click.group(epilog=_EXAMPLES)
def models() -> None:
    """Look after the bundles of a running server that serves with --bundles.

    Where callers need a token, it must be an administrator's.
    """


@models.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
@server_options
def status(as_json: bool, **options: Any) -> None:  # noqa: ANN401 - of several types
    """List the bundles of the server's folder and what became of each."""
    with _server(options).connect() as client:
        found = client.bundles()
    if as_json:
        rows = [{**asdict(bundle), "status": bundle.status.value} for bundle in found]
        click.echo(json.dumps(rows, indent=2))
        return
    for bundle in found:
        click.echo(_line(bundle))
    if not found:
        click.echo("The server follows no folder of bundles, or it is empty.")


@models.command()
@click.argument("name")
@server_options
def load(name: str, **options: Any) -> None:  # noqa: ANN401 - of several types
    """Load the bundle NAME, a file of the server's folder, or load it again."""
    with _server(options).connect() as client:
        click.echo(f"{client.load_bundle(name).id} serves.")


@models.command()
@click.argument("generator")
@server_options
def unload(generator: str, **options: Any) -> None:  # noqa: ANN401 - of several types
    """Take GENERATOR, which came from the folder, out of service; its file stays."""
    with _server(options).connect() as client:
        bundle = client.unload(generator)
    click.echo(f"{generator} serves no longer; {bundle.name} stays in the folder.")


def _server(options: dict[str, Any]) -> RunningServer:
    server = take_server(options, default=_USUAL)
    assert server is not None  # noqa: S101 - there is a default
    return server


def _line(bundle: Bundle) -> str:
    words = f"{bundle.name}: {bundle.status.value}, {bundle.generator_id}, {bundle.size_bytes:,} B"
    return f"{words}; {bundle.status_message}" if bundle.status_message else words
