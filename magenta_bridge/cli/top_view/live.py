"""The live view: looks again and again, until somebody has seen enough."""

from __future__ import annotations

import contextlib

from rich.console import Console
from rich.live import Live

from magenta_bridge.cli.top_view.history import History
from magenta_bridge.cli.top_view.keys import hearing_q
from magenta_bridge.cli.top_view.scrape import Scrape, read_scrape
from magenta_bridge.cli.top_view.screen import draw
from magenta_bridge.errors import ServerUnavailableError


def watch(url: str, first: Scrape, interval: float) -> None:
    """Shows a server on the whole terminal until ``q`` or Ctrl-C.

    A server that stops answering is told as such, and looked for again.

    Args:
        url: Where its metrics are.
        first: The first reading.
        interval: Seconds between two looks.
    """
    console, history = Console(highlight=False), History()
    plain = console.options.ascii_only
    snapshot, fault = history.add(first), ""
    screen = Live(console=console, screen=True, auto_refresh=False)
    with contextlib.suppress(KeyboardInterrupt), hearing_q() as wait, screen:
        while True:
            screen.update(draw(snapshot, history.rates(), plain=plain, fault=fault), refresh=True)
            if wait(interval):
                return
            try:
                snapshot, fault = history.add(read_scrape(url)), ""
            except ServerUnavailableError as error:
                fault = error.message
