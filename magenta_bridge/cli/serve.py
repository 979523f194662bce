"""``magenta-bridge serve``: the gRPC server as a process of its own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from magenta_bridge.cli.serve_security import refuse_exposed, security_options, take_security
from magenta_bridge.cli.words import EXISTING_FILE

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 50_051

_EXAMPLES = """\b
Examples:
  magenta-bridge serve
  magenta-bridge serve --port 0                  any free port; the first line tells which
  magenta-bridge serve --bundle my_tunes.mag     a model that you trained
  magenta-bridge certs --help                    to be reached from other computers
"""


@click.command(epilog=_EXAMPLES)
@click.option("--host", default=DEFAULT_HOST, show_default=True, help="Address of this machine.")
@click.option(
    "--port",
    type=click.IntRange(0, 65_535),
    default=DEFAULT_PORT,
    show_default=True,
    help="Port to listen on; 0 for any free one.",
)
@click.option(
    "--bundle",
    "bundles",
    type=EXISTING_FILE,
    multiple=True,
    help="A .mag file to serve; may be given several times. Without it, the shipped ones.",
)
@security_options
def serve(host: str, port: int, bundles: Sequence[Path], **options: Any) -> None:  # noqa: ANN401
    """Wait for requests over gRPC, until Ctrl-C.

    One line says when the server is ready and where it listens. Where other computers could
    reach it, it needs TLS, and a token or certificates of its clients.
    """
    import asyncio

    from magenta_bridge.generators.shipped import load_registry
    from magenta_bridge.server.app import serve as wait_for_requests
    from magenta_bridge.server.settings import ServerSettings

    where = f"[{host}]" if ":" in host else host
    tls, tokens = take_security(options)
    settings = ServerSettings(address=f"{where}:{port}", tls=tls, tokens=tokens)
    refuse_exposed(settings)
    registry = load_registry(list(bundles) or None)
    names = ", ".join(generator.info.id for generator in registry.list())

    def announce(address: str) -> None:
        click.echo(f"Serving {names} on {address} (Ctrl-C stops)")

    asyncio.run(wait_for_requests(registry, settings, ready=announce))
    click.echo("Stopped.")
