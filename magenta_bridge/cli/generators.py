"""``magenta-bridge generators``: who can write music, and what can be set."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from magenta_bridge.cli.catalog import as_dictionary, as_text
from magenta_bridge.cli.server_options import server_options, take_server
from magenta_bridge.cli.source import open_source
from magenta_bridge.cli.words import EXISTING_FILE

_EXAMPLES = """\b
Examples:
  magenta-bridge generators
  magenta-bridge generators --server 127.0.0.1:50051 --json
"""


@click.command(epilog=_EXAMPLES)
@click.option("--bundle", "bundles", type=EXISTING_FILE, multiple=True, help="A .mag file to list.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
@server_options
def generators(bundles: Sequence[Path], as_json: bool, **options: Any) -> None:  # noqa: ANN401
    """List what can generate, and its settings."""
    server = take_server(options)
    if server is not None and bundles:
        raise click.UsageError("--bundle is for work done here; a --server has its own bundles.")
    with open_source(server, bundles) as source:
        found = source.generators()
    if as_json:
        click.echo(json.dumps([as_dictionary(info) for info in found], indent=2))
        return
    for info in found:
        click.echo(as_text(info))
