"""``magenta-bridge top``: live metrics of a running server."""

from __future__ import annotations

import dataclasses
import json
import sys

import click

_EXAMPLES = """\b
Examples:
  magenta-bridge serve --metrics-port 9464       in another terminal, first
  magenta-bridge top
  magenta-bridge top --metrics 127.0.0.1:9465 --once --json
"""


@click.command(epilog=_EXAMPLES)
@click.option(
    "--metrics",
    "address",
    default="9464",
    show_default=True,
    metavar="PORT|HOST:PORT|URL",
    help="Address of the server's metrics.",
)
@click.option(
    "--interval",
    type=click.FloatRange(0.1, 60.0),
    default=1.0,
    show_default=True,
    help="Seconds between two updates.",
)
@click.option(
    "--once", is_flag=True, help="Print one snapshot, with averages since the server's start."
)
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON, for programs.")
def top(address: str, interval: float, once: bool, as_json: bool) -> None:
    """Show metrics of a running server: calls, queue, rejected calls, and each generator.

    Rates and times cover the last minute.
    """
    from magenta_bridge.cli.top.scrape import metrics_url, read_scrape

    url = metrics_url(address)
    if as_json and not once:
        raise click.UsageError("--json prints one snapshot; add --once.")
    if once:
        from magenta_bridge.cli.top.screen import as_text
        from magenta_bridge.cli.top.snapshot import take_snapshot

        snapshot = take_snapshot(read_scrape(url))
        row = dataclasses.asdict(snapshot)
        click.echo(json.dumps(row, indent=2) if as_json else as_text(snapshot))
        return
    if not sys.stdout.isatty():
        raise click.UsageError("The live view requires a terminal; add --once for one snapshot.")
    from magenta_bridge.cli.top.screen import watch

    watch(url, read_scrape(url), interval)
