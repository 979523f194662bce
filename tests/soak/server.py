"""The server of a soak: a real one, in a process of its own, that also counts its tasks.

It prints its address. For every line that it reads it prints one of JSON: how many asyncio tasks
there are and how many requests are open. At the end of its input it drains and ends.
"""

from __future__ import annotations

import asyncio
import json
import sys

from magenta_bridge.generators.loading import load_registry
from magenta_bridge.server.app import BridgeServer
from magenta_bridge.server.settings import ServerSettings


async def serve() -> None:
    """Serves until nobody wants to know anything any more."""
    server = BridgeServer(load_registry(), ServerSettings(address="127.0.0.1:0"))
    print(await server.start(), flush=True)  # noqa: T201 - that is how it is asked
    while await asyncio.to_thread(sys.stdin.readline):
        counted = {"tasks": len(asyncio.all_tasks()), "open": server.workers.open}
        print(json.dumps(counted), flush=True)  # noqa: T201
    await server.drain()


if __name__ == "__main__":
    asyncio.run(serve())
