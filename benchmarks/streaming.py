"""How soon the first notes of a stream come, and how far ahead of the music 64 streams stay.

A real server process with the shipped bundle writes; the clients are in this process, each with
a connection of its own. Health checks, asked in turn with the streams, are the reference: on a
busy machine both grow. Leads are measured against each stream's own music, played from the
moment its first notes come: how many seconds before it would have been heard did a piece
arrive? Prints one JSON line.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from benchmarks.bench.serving import serving
from magenta_bridge.client import AsyncClient

ROOT: Final = Path(__file__).resolve().parent.parent
GENERATOR: Final = "lstm_melody"
BAR_SECONDS: Final = 2.0  # 4/4 at 120 qpm


@dataclass(frozen=True)
class Stream:
    """What one client saw, in seconds.

    Attributes:
        first: From the request to the first notes.
        leads: For each later piece, how long before its music was due it came.
        whole: From the request to the end.
    """

    first: float
    leads: Sequence[float]
    whole: float


async def listen(client: AsyncClient, bars: int, seed: int) -> Stream:
    """Reads a stream to its end, as fast as it comes."""
    asked = time.perf_counter()
    first = complete = 0.0
    leads = []
    async for piece in client.stream(GENERATOR, bars=bars, seed=seed):
        now = time.perf_counter() - asked
        if first:
            leads.append(complete - (now - first))
        elif piece.notes:
            first = now
        complete = piece.total_time
    return Stream(first, leads, time.perf_counter() - asked)


async def time_first_notes(address: str, samples: int) -> tuple[list[float], list[float]]:
    """Returns seconds to the first notes of idle streams, and of health checks between them."""
    notes, checks = [], []
    async with AsyncClient(address) as client, grpc.aio.insecure_channel(address) as channel:
        health = health_pb2_grpc.HealthStub(channel)
        for seed in range(samples):
            asked = time.perf_counter()
            await health.Check(health_pb2.HealthCheckRequest())
            checks.append(time.perf_counter() - asked)
            asked = time.perf_counter()
            async with contextlib.aclosing(client.stream(GENERATOR, bars=4, seed=seed)) as pieces:
                async for piece in pieces:
                    if piece.notes:
                        break
            notes.append(time.perf_counter() - asked)
    return notes, checks


async def listen_together(address: str, clients: int, bars: int) -> list[Stream]:
    """Has so many clients, each with a connection, read a stream from the same moment on."""
    async with contextlib.AsyncExitStack() as stack:
        bridges = [await stack.enter_async_context(AsyncClient(address)) for _ in range(clients)]
        await asyncio.gather(*(bridge.generators() for bridge in bridges))
        return await asyncio.gather(
            *(listen(bridge, bars, seed) for seed, bridge in enumerate(bridges))
        )


async def listen_beside_a_batch(address: str, clients: int, bars: int) -> list[Stream]:
    """The same, while one more client has long pieces written all the time."""
    async with AsyncClient(address, timeout=300) as greedy:

        async def ask() -> None:
            while True:
                await greedy.variations(GENERATOR, 16, bars=256)

        batches = [asyncio.ensure_future(ask()) for _ in range(2)]
        try:
            return await listen_together(address, clients, bars)
        finally:
            for batch in batches:
                batch.cancel()
            await asyncio.gather(*batches, return_exceptions=True)


def quantile(values: Sequence[float], share: float) -> float:
    """Returns the value that a share of 0..1 of all values does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def describe_streams(streams: Sequence[Stream], bars: int, name: str) -> dict[str, float]:
    """Returns the figures of streams that were read together."""
    leads = [lead for stream in streams for lead in stream.leads]
    firsts = [stream.first for stream in streams]
    slowest = max(stream.whole for stream in streams)
    return {
        f"{name}_lead_min_s": round(min(leads), 3),
        # Only one piece of a hundred came with less.
        f"{name}_lead_p99_s": round(quantile(leads, 0.01), 3),
        f"{name}_first_notes_p50_ms": round(1e3 * quantile(firsts, 0.5), 1),
        f"{name}_first_notes_p99_ms": round(1e3 * quantile(firsts, 0.99), 1),
        f"{name}_times_real_time": round(bars * BAR_SECONDS / slowest, 1),
    }


async def measure(samples: int, clients: int, bars: int) -> dict[str, float | int | str]:
    """Measures everything on one server."""
    with serving() as server:
        address = server.address
        notes, checks = await time_first_notes(address, samples)
        together = await listen_together(address, clients, bars)
        beside = await listen_beside_a_batch(address, clients, bars)
    return {
        "benchmark": "streaming",
        "generator": GENERATOR,
        "samples": samples,
        "first_notes_p50_ms": round(1e3 * quantile(notes, 0.5), 2),
        "first_notes_p99_ms": round(1e3 * quantile(notes, 0.99), 2),
        "health_p50_ms": round(1e3 * quantile(checks, 0.5), 2),
        "health_p99_ms": round(1e3 * quantile(checks, 0.99), 2),
        "clients": clients,
        "bars": bars,
        **describe_streams(together, bars, "streams"),
        **describe_streams(beside, bars, "beside_a_batch"),
    }


def main() -> None:
    """Reads the command line and prints the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=2000, help="streams asked for while idle")
    parser.add_argument("--clients", type=int, default=64, help="streams at the same time")
    parser.add_argument("--bars", type=int, default=32, help="bars of each of them")
    asked = parser.parse_args()
    print(json.dumps(asyncio.run(measure(asked.samples, asked.clients, asked.bars))))


if __name__ == "__main__":
    main()
