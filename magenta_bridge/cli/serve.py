"""``magenta-bridge serve``: the server as a process of its own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from magenta_bridge.cli.options.serve import (
    Watching,
    http_options,
    load_options,
    refuse_exposed,
    security_options,
    take_http,
    take_load,
    take_security,
    take_users,
    user_options,
    watch_options,
)
from magenta_bridge.cli.options.types import EXISTING_FILE, EXISTING_FOLDER

if TYPE_CHECKING:
    from magenta_bridge.generators.registry import GeneratorRegistry

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 50_051

_EXAMPLES = """\b
Examples:
  magenta-bridge serve
  magenta-bridge serve --port 0                  any free port; the first line tells which
  magenta-bridge serve --bundle my_tunes.mag     a model that you trained
  magenta-bridge certs --help                    to be reached from other computers
  magenta-bridge serve --bundles my_models       a folder; drop new models in while it runs
  magenta-bridge serve --metrics-port 9464       counters for Prometheus and magenta-bridge top
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
    "--bundles",
    "folder",
    type=EXISTING_FOLDER,
    help="A folder of .mag files to serve instead; what is put there later is served as well.",
)
@http_options
@load_options
@security_options
@user_options
@watch_options
def serve(
    watching: Watching,
    /,
    host: str,
    port: int,
    bundles: Sequence[Path],
    folder: Path | None,
    **options: Any,  # noqa: ANN401
) -> None:
    """Wait for requests over gRPC, and over HTTP with JSON, until Ctrl-C.

    One line says when the server is ready and where it listens; what happens later goes
    to the log on standard error. Where other computers could reach it, it needs
    TLS, and a token or certificates of its clients.
    """
    import asyncio

    from magenta_bridge.generators.loading import bundles_to_serve
    from magenta_bridge.generators.registry import GeneratorRegistry
    from magenta_bridge.server.app import serve as wait_for_requests
    from magenta_bridge.server.bundles.sources import Sources
    from magenta_bridge.server.settings import ServerSettings

    where = f"[{host}]" if ":" in host else host
    tls, tokens = take_security(options)
    files = bundles if folder else bundles_to_serve(list(bundles) or None)
    settings = ServerSettings(
        address=f"{where}:{port}",
        tls=tls,
        tokens=tokens,
        sources=Sources(files=files, folder=folder),
        http=take_http(port, options),
        metrics_port=watching.metrics_port,
        tracing=watching.otel,
        users=take_users(options),
        **take_load(options),
    )
    refuse_exposed(settings)
    registry = GeneratorRegistry()

    def announce(address: str) -> None:
        click.echo(f"Serving {_served_names(registry, folder)} on {address} (Ctrl-C stops)")

    with watching.logging():
        asyncio.run(wait_for_requests(registry, settings, ready=announce, notice=click.echo))
    click.echo("Stopped.")


def _served_names(registry: GeneratorRegistry, folder: Path | None) -> str:
    """Returns the ids of what serves, or what to do where nothing does."""
    names = ", ".join(generator.info.id for generator in registry.list())
    return names or f"no generator yet (put .mag files into {folder})"
