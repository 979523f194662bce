"""The server of a soak test: a real server process that also counts its tasks.

It prints its address. For every line of input it prints a line of JSON with the numbers of asyncio
tasks and open requests. At the end of its input it drains and exits.
"""

from __future__ import annotations

import asyncio
import json
import sys

from magenta_bridge.generators.loading import load_registry
from magenta_bridge.server.app import BridgeServer
from magenta_bridge.server.settings import ServerSettings


async def serve() -> None:
    """Serve until the end of the input."""
    server = BridgeServer(load_registry(), ServerSettings(address="127.0.0.1:0"))
    print(await server.start(), flush=True)  # noqa: T201
    while await asyncio.to_thread(sys.stdin.readline):
        counted = {"tasks": len(asyncio.all_tasks()), "open": server.workers.open}
        print(json.dumps(counted), flush=True)  # noqa: T201
    await server.drain()


if __name__ == "__main__":
    asyncio.run(serve())
