"""``magenta-bridge serve``: the gRPC server as a process of its own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from magenta_bridge.cli.words import EXISTING_FILE
from magenta_bridge.limits import CALLS_PER_SECOND, OPEN_REQUESTS

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 50_051

_EXAMPLES = """\b
Examples:
  magenta-bridge serve
  magenta-bridge serve --port 0                  any free port; the first line tells which
  magenta-bridge serve --bundle my_tunes.mag     a model that you trained
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
@click.option(
    "--workers",
    type=click.IntRange(1, 256),
    help="Threads that write music at the same time. Without it, one for each core.",
)
@click.option(
    "--queue",
    type=click.IntRange(0, 4_096),
    default=OPEN_REQUESTS.value,
    show_default=True,
    help="Requests accepted beyond those; more are told to come back.",
)
@click.option(
    "--rate",
    type=click.IntRange(0, 10_000),
    default=CALLS_PER_SECOND.value,
    show_default=True,
    help="Calls a second that one client may make on average; 0 for any number.",
)
def serve(
    *,
    host: str,
    port: int,
    bundles: Sequence[Path],
    workers: int | None,
    queue: int,
    rate: int,
) -> None:
    """Wait for requests over gRPC, until Ctrl-C.

    One line says when the server is ready and where it listens.
    """
    import asyncio

    from magenta_bridge.generators.shipped import load_registry
    from magenta_bridge.server.app import serve as wait_for_requests
    from magenta_bridge.server.settings import ServerSettings

    registry = load_registry(list(bundles) or None)
    names = ", ".join(generator.info.id for generator in registry.list())

    def announce(address: str) -> None:
        click.echo(f"Serving {names} on {address} (Ctrl-C stops)")

    where = f"[{host}]" if ":" in host else host
    settings = ServerSettings(
        address=f"{where}:{port}", workers=workers, queue=queue, calls_per_second=rate
    )
    asyncio.run(wait_for_requests(registry, settings, ready=announce))
    click.echo("Stopped.")
