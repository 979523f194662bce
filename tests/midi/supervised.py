"""A program that supervises a chord, as the command line does: run with a port's address."""

from __future__ import annotations

import functools
import sys

from magenta_bridge.midi.process.guarded_port import Guard
from magenta_bridge.midi.process.supervisor import Supervisor
from tests.midi import players
from tests.midi.socket_port import SocketPort


def main() -> None:
    """Prints the player's number once the chord sounds, and what ended it at last."""
    name, address = sys.argv[1:]
    supervisor = Supervisor(
        getattr(players, name),
        (address,),
        (Guard(functools.partial(SocketPort, address)),),
        on_report=lambda pid: print(pid, flush=True),  # noqa: T201
    )
    print("ended by", supervisor.run(), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
