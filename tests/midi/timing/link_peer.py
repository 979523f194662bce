"""Another program of a Link session, such as Live, controlled by its standard input."""

from __future__ import annotations

import sys
import time

from magenta_bridge.midi.timing.ableton_link import LinkTempo


def main() -> None:
    """Execute ``tempo QPM``, ``play``, ``stop`` and ``beat TIME``, and print the beat for each."""
    link = LinkTempo(float(sys.argv[1]))
    for line in sys.stdin:
        command, *numbers = line.split()
        if command == "tempo":
            link.change(float(numbers[0]))
        elif command in {"play", "stop"}:
            link.play(playing=command == "play")
        at = float(numbers[0]) if command == "beat" else time.monotonic()
        print(link.beat_at(at), flush=True)  # noqa: T201
    link.close()


if __name__ == "__main__":
    main()
