"""``magenta-bridge models``: manage the bundles of a running server."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from magenta_bridge.cli.options.client import RunningServer, server_options, take_server

if TYPE_CHECKING:
    from magenta_bridge.description import BundleInfo

_DEFAULT_ADDRESS = "127.0.0.1:50051"

_EXAMPLES = """\b
Examples:
  magenta-bridge models status
  magenta-bridge models load my_tunes.mag
  magenta-bridge models unload my_tunes --server 192.168.1.20:50051 --tls-ca ca.crt \\
      --token-file admin.txt
"""


@click.group(epilog=_EXAMPLES)
def models() -> None:
    """Manage the bundles of a running server that was started with --bundles.

    If the server requires tokens, an administrator's token is needed.
    """


@models.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
@server_options
def status(as_json: bool, **options: Any) -> None:  # noqa: ANN401 - of several types
    """List the bundles of the server's folder and their status."""
    with _server(options).connect() as client:
        found = client.bundles()
    if as_json:
        rows = [{**asdict(bundle), "status": bundle.status.value} for bundle in found]
        click.echo(json.dumps(rows, indent=2))
        return
    for bundle in found:
        click.echo(_line(bundle))
    if not found:
        click.echo("The server has no bundle folder, or the folder is empty.")


@models.command()
@click.argument("name")
@server_options
def load(name: str, **options: Any) -> None:  # noqa: ANN401 - of several types
    """Load or reload the bundle NAME, a file of the server's folder."""
    with _server(options).connect() as client:
        click.echo(f"Loaded {client.load_bundle(name).id}.")


@models.command()
@click.argument("generator")
@server_options
def unload(generator: str, **options: Any) -> None:  # noqa: ANN401 - of several types
    """Unload GENERATOR, which was loaded from the folder; its file stays."""
    with _server(options).connect() as client:
        bundle = client.unload(generator)
    click.echo(f"Unloaded {generator}; {bundle.name} stays in the folder.")


def _server(options: dict[str, Any]) -> RunningServer:
    server = take_server(options, default=_DEFAULT_ADDRESS)
    assert server is not None  # noqa: S101 - there is a default
    return server


def _line(bundle: BundleInfo) -> str:
    words = f"{bundle.name}: {bundle.status.value}, {bundle.generator_id}, {bundle.size_bytes:,} B"
    return f"{words}; {bundle.status_message}" if bundle.status_message else words
