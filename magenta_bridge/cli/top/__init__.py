"""``magenta-bridge top``: what a running server does, live."""

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
    "place",
    default="9464",
    show_default=True,
    metavar="PORT|HOST:PORT|URL",
    help="Where the server shows its metrics.",
)
@click.option(
    "--interval",
    type=click.FloatRange(0.1, 60.0),
    default=1.0,
    show_default=True,
    help="Seconds between two looks.",
)
@click.option("--once", is_flag=True, help="Print one snapshot, counted from the server's start.")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON, for programs.")
def top(place: str, interval: float, once: bool, as_json: bool) -> None:
    """Watch a running server: calls, waiting, rejected, and each generator's work.

    Rates and times are of the last minute.
    """
    from magenta_bridge.cli.top.scrape import read_place, read_scrape

    url = read_place(place)
    if as_json and not once:
        raise click.UsageError("--json is for one snapshot; add --once.")
    if once:
        _print_once(url, as_json)
        return
    if not sys.stdout.isatty():
        raise click.UsageError("A live view needs a terminal; add --once for one snapshot.")
    from magenta_bridge.cli.top.live import watch

    watch(url, read_scrape(url), interval)


def _print_once(url: str, as_json: bool) -> None:
    from magenta_bridge.cli.top.scrape import read_scrape
    from magenta_bridge.cli.top.screen import as_text
    from magenta_bridge.cli.top.snapshot import take_snapshot

    snapshot = take_snapshot(read_scrape(url))
    told = json.dumps(dataclasses.asdict(snapshot), indent=2) if as_json else as_text(snapshot)
    click.echo(told)
