"""A process that trains until it is killed; run by the tests as a program.

The argument is the run's folder. It says when the third epoch is under way, and then waits
there for its end.
"""

from __future__ import annotations

import sys
from pathlib import Path

from tests.training.tiny_run import Witness, run_tiny


def wait_in_the_third_epoch(epoch: int, batch: int) -> None:
    """Stands still in the middle of the third epoch, until standard input ends."""
    if (epoch, batch) == (2, 3):
        sys.stdout.write("third epoch\n")
        sys.stdout.flush()
        sys.stdin.read()


if __name__ == "__main__":
    run_tiny(Path(sys.argv[1]), Witness(wait_in_the_third_epoch))
