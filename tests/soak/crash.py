"""A client that crashes in the middle of a stream: ``python -m tests.soak.crash ADDRESS``."""

from __future__ import annotations

import os
import sys

from magenta_bridge.client import Client

if __name__ == "__main__":
    pieces = Client(sys.argv[1]).stream("lstm_melody", bars=1_024)
    next(pieces)
    os._exit(1)
