"""Pictures ``magenta-bridge top``: a real server, four clients, and what the view shows of them.

python demo/top.py [SECONDS]      writes docs/images/top.svg
"""

from __future__ import annotations

import contextlib
import io
import random
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console

from magenta_bridge.cli.top.scrape import read_scrape
from magenta_bridge.cli.top.screen import draw
from magenta_bridge.cli.top.snapshot import History
from magenta_bridge.client import Client
from magenta_bridge.errors import MagentaBridgeError

PICTURE = Path(__file__).resolve().parents[1] / "docs" / "images" / "top.svg"
COLUMNS = 100
CLIENTS = 4
SECONDS = 60.0
# The last one fails, to show an error.
NAMES = ["lstm_melody", "gru_melody", "lstm_drums", "lstm_performance", "gan_duo", "lstm_melodie"]
WEIGHTS = [6, 3, 4, 1, 2, 0.3]


@contextlib.contextmanager
def running_server() -> Iterator[tuple[str, str]]:
    """Starts a server with metrics; yields its address and the URL of its metrics."""
    words = ["serve", "--port", "0", "--metrics-port", "0", "--log-level", "error"]
    program = Path(sys.executable).with_name("magenta-bridge")
    with subprocess.Popen([program, *words], stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        output = process.stdout
        if output is None or not (ready := output.readline()):
            raise SystemExit("The server did not start; its message is above.")
        try:
            yield ready.split(" on ")[1].split()[0], output.readline().split()[-1]
        finally:
            process.terminate()


def play(address: str, number: int, end: float) -> None:
    """Send requests like a user who tries things out, until the time is over."""
    draw_lots = random.Random(number)  # noqa: S311 - music, no secrets
    with Client(address, timeout=30) as client:
        while (left := end - time.monotonic()) > 0:
            (name,) = draw_lots.choices(NAMES, WEIGHTS)
            with contextlib.suppress(MagentaBridgeError):
                if draw_lots.random() < 0.5:
                    client.generate(name)
                else:
                    list(client.stream(name))
            # More at some times than at others, so that there is something to see.
            time.sleep(min(left, draw_lots.random() * (0.1 + (time.monotonic() / 7) % 1)))


def picture(history: History, url: str, seconds: float) -> str:
    """Looks once a second and returns the last view as SVG."""
    for _ in range(max(2, round(seconds))):
        snapshot = history.add(read_scrape(url))
        time.sleep(1)
    console = Console(width=COLUMNS, record=True, file=io.StringIO(), highlight=False)
    console.print(draw(snapshot, history.rates()))
    svg = console.export_svg(title="magenta-bridge top", unique_id="top")
    # A picture loads nothing: a viewer that lacks the font takes another of fixed width.
    return re.sub(r"\s*@font-face \{.*?\}", "", svg, flags=re.DOTALL)


def main() -> None:
    """Does it all."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else SECONDS
    with running_server() as (address, url):
        end = time.monotonic() + seconds
        players = [
            threading.Thread(target=play, args=(address, number, end)) for number in range(CLIENTS)
        ]
        for player in players:
            player.start()
        svg = picture(History(), url, seconds)
        for player in players:
            player.join()
    PICTURE.write_text(svg, encoding="utf-8")
    print(f"Wrote {PICTURE.relative_to(PICTURE.parents[2])}.")  # noqa: T201


if __name__ == "__main__":
    main()
