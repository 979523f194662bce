"""Measure the latency of a stream's first notes, and the lead of 64 concurrent streams.

The server is a real process with the included bundles; the clients are in this process, each with
its own connection. Health checks, alternating with the streams, are the reference. The lead of a
piece is the number of seconds from its arrival to its start in the music, if the music is played
from the arrival of the stream's first notes. Prints one JSON line.
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
    """The times of one stream, in seconds.

    Attributes:
        first: From the request to the first notes.
        leads: Lead of each later piece.
        whole: From the request to the end.
    """

    first: float
    leads: Sequence[float]
    whole: float


async def read_stream(client: AsyncClient, bars: int, seed: int) -> Stream:
    """Read a stream to its end, as fast as possible."""
    began = time.perf_counter()
    first = complete = 0.0
    leads = []
    async for piece in client.stream(GENERATOR, bars=bars, seed=seed):
        now = time.perf_counter() - began
        if first:
            leads.append(complete - (now - first))
        elif piece.notes:
            first = now
        complete = piece.total_time
    return Stream(first, leads, time.perf_counter() - began)


async def time_first_notes(address: str, samples: int) -> tuple[list[float], list[float]]:
    """Return the latency in seconds of first notes and of health checks, on an idle server."""
    notes, checks = [], []
    async with AsyncClient(address) as client, grpc.aio.insecure_channel(address) as channel:
        health = health_pb2_grpc.HealthStub(channel)
        for seed in range(samples):
            began = time.perf_counter()
            await health.Check(health_pb2.HealthCheckRequest())
            checks.append(time.perf_counter() - began)
            began = time.perf_counter()
            async with contextlib.aclosing(client.stream(GENERATOR, bars=4, seed=seed)) as pieces:
                async for piece in pieces:
                    if piece.notes:
                        break
            notes.append(time.perf_counter() - began)
    return notes, checks


async def read_together(address: str, clients: int, bars: int) -> list[Stream]:
    """Read streams of so many clients, each with its own connection, at the same time."""
    async with contextlib.AsyncExitStack() as stack:
        bridges = [await stack.enter_async_context(AsyncClient(address)) for _ in range(clients)]
        await asyncio.gather(*(bridge.generators() for bridge in bridges))
        return await asyncio.gather(
            *(read_stream(bridge, bars, seed) for seed, bridge in enumerate(bridges))
        )


async def read_beside_a_batch(address: str, clients: int, bars: int) -> list[Stream]:
    """Read streams as ``read_together`` while another client requests long pieces."""
    async with AsyncClient(address, timeout=300) as greedy:

        async def request() -> None:
            while True:
                await greedy.variations(GENERATOR, 16, bars=256)

        batches = [asyncio.ensure_future(request()) for _ in range(2)]
        try:
            return await read_together(address, clients, bars)
        finally:
            for batch in batches:
                batch.cancel()
            await asyncio.gather(*batches, return_exceptions=True)


def quantile(values: Sequence[float], share: float) -> float:
    """Return a quantile, for a share of 0 to 1."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def describe_streams(streams: Sequence[Stream], bars: int, name: str) -> dict[str, float]:
    """Return the results of concurrent streams."""
    leads = [lead for stream in streams for lead in stream.leads]
    firsts = [stream.first for stream in streams]
    slowest = max(stream.whole for stream in streams)
    return {
        f"{name}_lead_min_s": round(min(leads), 3),
        # 99% of the pieces had a longer lead.
        f"{name}_lead_p99_s": round(quantile(leads, 0.01), 3),
        f"{name}_first_notes_p50_ms": round(1e3 * quantile(firsts, 0.5), 1),
        f"{name}_first_notes_p99_ms": round(1e3 * quantile(firsts, 0.99), 1),
        f"{name}_times_real_time": round(bars * BAR_SECONDS / slowest, 1),
    }


async def measure(samples: int, clients: int, bars: int) -> dict[str, float | int | str]:
    """Measure all streams on one server."""
    with serving() as server:
        address = server.address
        notes, checks = await time_first_notes(address, samples)
        together = await read_together(address, clients, bars)
        beside = await read_beside_a_batch(address, clients, bars)
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
    """Read the command line and print the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=2000, help="number of streams while idle")
    parser.add_argument("--clients", type=int, default=64, help="number of concurrent streams")
    parser.add_argument("--bars", type=int, default=32, help="number of bars of each")
    arguments = parser.parse_args()
    print(json.dumps(asyncio.run(measure(arguments.samples, arguments.clients, arguments.bars))))


if __name__ == "__main__":
    main()
