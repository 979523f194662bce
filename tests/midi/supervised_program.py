"""A program that supervises a player, as the command line does; run it with a port's address."""

from __future__ import annotations

import functools
import sys

from magenta_bridge.midi.process.panic_process import GuardedPort
from magenta_bridge.midi.process.supervisor import Supervisor
from tests.midi import players
from tests.midi.socket_receiver import SocketPort


def main() -> None:
    """Print the player's PID once the chord sounds, and finally what ended the player."""
    name, address = sys.argv[1:]
    supervisor = Supervisor(
        getattr(players, name),
        (address,),
        (GuardedPort(functools.partial(SocketPort, address)),),
        on_report=lambda pid: print(pid, flush=True),  # noqa: T201
    )
    print("ended by", supervisor.run(), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
