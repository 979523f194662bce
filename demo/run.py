"""Start a server, continue a melody over gRPC, and write notes, a picture and sound.

``make demo`` runs it. It writes ``demo/clip.mid``, ``demo/clip.png`` and ``demo/clip.wav``.
"""

from __future__ import annotations

import contextlib
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import click

from magenta_bridge.client import Client
from magenta_bridge.errors import MagentaBridgeError, ServerUnavailableError
from magenta_bridge.formats import read, write
from magenta_bridge.noteseq import NoteSequence
from magenta_bridge.render.audio import render_wav
from magenta_bridge.render.piano_roll import NEW_COLOR, PRIMER_COLOR, Layer, draw_piano_roll
from magenta_bridge.sequences.edit import merge

HERE = Path(__file__).resolve().parent
PRIMER = HERE.parent / "tests" / "data" / "midi" / "melody.mid"
GENERATOR = "lstm_melody"
BARS = 8
SEED = 7
STARTUP_S = 60.0
STOP_S = 15.0

NEXT = """
Try next:
  .venv/bin/magenta-bridge generate --bars 8 --seed 3 -o new.mid --sound new.wav
  .venv/bin/magenta-bridge generate --primer demo/clip.mid --temperature 1.2 -o more.mid
  .venv/bin/magenta-bridge doctor"""


@contextlib.contextmanager
def running_server() -> Iterator[str]:
    """Run ``magenta-bridge serve`` on a free local port.

    Yields:
        The server's address, ``HOST:PORT``.

    Raises:
        ServerUnavailableError: The server did not start within a minute.
    """
    program = shutil.which("magenta-bridge", path=str(Path(sys.executable).parent))
    if program is None:
        raise ServerUnavailableError("magenta-bridge is not installed; run: make demo")
    with subprocess.Popen(  # noqa: S603
        [program, "serve", "--port", "0", "--log-level", "warning"],
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        alarm = threading.Timer(STARTUP_S, process.kill)
        alarm.start()
        try:
            line = process.stdout.readline() if process.stdout else ""
            alarm.cancel()
            ready = re.fullmatch(r"Serving .* on (?P<address>\S+) .*", line.strip())
            if ready is None:
                raise ServerUnavailableError("The server did not start; see its message above.")
            yield ready["address"]
        finally:
            alarm.cancel()
            _end(process)


def _end(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()


def make_clip(address: str) -> tuple[NoteSequence, NoteSequence]:
    """Return the primer and its continuation by the server."""
    primer = read(PRIMER)
    with Client(address) as bridge:
        return primer, bridge.generate(GENERATOR, primer=primer, bars=BARS, seed=SEED)


def write_files(primer: NoteSequence, added: NoteSequence) -> list[Path]:
    """Write notes, picture and sound, and return the three files."""
    files = [HERE / name for name in ("clip.mid", "clip.png", "clip.wav")]
    clip, picture, sound = files
    whole = merge(primer, added)
    write(whole, clip)
    layers = [Layer(primer, PRIMER_COLOR, "primer"), Layer(added, NEW_COLOR, GENERATOR)]
    draw_piano_roll(layers, picture)
    render_wav(whole, sound)
    return files


def main() -> None:
    """Run the demo and print commands to try next."""
    began = time.perf_counter()
    try:
        with running_server() as address:
            ready = time.perf_counter()
            primer, added = make_clip(address)
            received = time.perf_counter()
        files = write_files(primer, added)
    except MagentaBridgeError as error:
        click.echo(f"Error: {error.message}", err=True)
        sys.exit(1)
    click.echo(
        f"{GENERATOR} continued {PRIMER.name} ({len(primer.notes)} notes) with {BARS} bars, "
        f"{len(added.notes)} notes, from seed {SEED}.\n"
        f"The server was ready in {ready - began:.1f} s; "
        f"the response over gRPC took {received - ready:.2f} s.\n"
    )
    for file, content in zip(files, ("notes", "piano roll", "sound"), strict=True):
        click.echo(f"  {file}  ({content})")
    click.echo(NEXT)


if __name__ == "__main__":
    main()
