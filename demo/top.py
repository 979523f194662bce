"""Draw a picture of ``magenta-bridge top`` with a real server and four clients.

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
    """Run a server with metrics; yield its address and the URL of its metrics."""
    words = ["serve", "--port", "0", "--metrics-port", "0", "--log-level", "error"]
    program = Path(sys.executable).with_name("magenta-bridge")
    with subprocess.Popen([program, *words], stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        output = process.stdout
        if output is None or not (ready := output.readline()):
            raise SystemExit("The server did not start; see its message above.")
        try:
            yield ready.split(" on ")[1].split()[0], output.readline().split()[-1]
        finally:
            process.terminate()


def play(address: str, number: int, end: float) -> None:
    """Send requests of a typical user until the given time."""
    rng = random.Random(number)  # noqa: S311 - not for security
    with Client(address, timeout=30) as client:
        while (left := end - time.monotonic()) > 0:
            (name,) = rng.choices(NAMES, WEIGHTS)
            with contextlib.suppress(MagentaBridgeError):
                if rng.random() < 0.5:
                    client.generate(name)
                else:
                    list(client.stream(name))
            # The rate varies, for a picture with some structure.
            time.sleep(min(left, rng.random() * (0.1 + (time.monotonic() / 7) % 1)))


def picture(history: History, url: str, seconds: float) -> str:
    """Read the metrics once per second and return the last view as SVG."""
    for _ in range(max(2, round(seconds))):
        snapshot = history.add(read_scrape(url))
        time.sleep(1)
    console = Console(width=COLUMNS, record=True, file=io.StringIO(), highlight=False)
    console.print(draw(snapshot, history.rates()))
    svg = console.export_svg(title="magenta-bridge top", unique_id="top")
    # The picture must load nothing; viewers without the font use another monospaced one.
    return re.sub(r"\s*@font-face \{.*?\}", "", svg, flags=re.DOTALL)


def main() -> None:
    """Run the server and the clients, and write the picture."""
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
