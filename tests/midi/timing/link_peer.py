"""Another program of a Link session, such as Live: does what it reads, line by line."""

from __future__ import annotations

import sys
import time

from magenta_bridge.midi.timing.ableton_link import LinkTempo


def main() -> None:
    """Answers ``tempo QPM``, ``play``, ``stop`` with a word, ``beat TIME`` with the beat."""
    link = LinkTempo(float(sys.argv[1]))
    for line in sys.stdin:
        word, *numbers = line.split()
        if word == "tempo":
            link.change(float(numbers[0]))
        elif word in {"play", "stop"}:
            link.play(playing=word == "play")
        print(link.beat_at(float(numbers[0]) if word == "beat" else time.monotonic()), flush=True)  # noqa: T201
    link.close()


if __name__ == "__main__":
    main()
