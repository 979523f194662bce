"""``magenta-bridge serve``: run the server."""

from __future__ import annotations

import click

from magenta_bridge.cli.options.serve import ServeOptions, serve_options

_EXAMPLES = """\b
Examples:
  magenta-bridge serve
  magenta-bridge serve --port 0                  any free port; see the first line
  magenta-bridge serve --bundle my_tunes.mag     a model that you trained
  magenta-bridge serve --bundle my_tunes.mag --shipped     and the included ones
  magenta-bridge certs --help                    to serve other computers
  magenta-bridge serve --bundles my_models       a folder; add models while it runs
  magenta-bridge serve --metrics-port 9464       metrics for Prometheus and magenta-bridge top
"""


@click.command(epilog=_EXAMPLES)
@serve_options
def serve(options: ServeOptions) -> None:
    """Serve requests over gRPC, and over HTTP with JSON, until Ctrl-C.

    The first line of the output appears when the server is ready and contains its address. The log
    goes to standard error. If other computers can reach the server, TLS is required, and tokens or
    client certificates.
    """
    import asyncio

    from magenta_bridge.generators.registry import GeneratorRegistry
    from magenta_bridge.server.app import serve as serve_requests

    settings = options.settings()
    registry = GeneratorRegistry()

    def announce(address: str) -> None:
        names = ", ".join(generator.info.id for generator in registry.list())
        served = names or f"no generator yet (put .mag files into {options.folder})"
        click.echo(f"Serving {served} on {address} (Ctrl-C stops)")

    with options.logging():
        asyncio.run(serve_requests(registry, settings, ready=announce, notice=click.echo))
    click.echo("Stopped.")
