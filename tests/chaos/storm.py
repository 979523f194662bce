"""Make calls through faulty connections, and check each result.

The tests run a short slice. ``python -m tests.chaos.storm --cases 2000 --seed 7`` runs more.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from magenta_bridge.client import AsyncClient, Client
from magenta_bridge.errors import (
    CancelledError,
    DeadlineError,
    MagentaBridgeError,
    ServerUnavailableError,
)
from magenta_bridge.noteseq import NoteSequence
from tests.chaos.proxy import ChaosProxy, Fault, Plan, draw_plan
from tests.contract.live_server import LiveServer

TIMEOUT = 4.0
AT_ONCE = 16
_SEEDS = 5
_BARS = 200
# The errors that network faults may cause.
_EXPECTED = (ServerUnavailableError, DeadlineError, CancelledError)


@dataclass(frozen=True)
class Outcome:
    """The result of a call through a faulty connection.

    Attributes:
        faults: The faults of its connections, in order.
        error: Name of the error's class; empty without an error.
        wrong: What is wrong with the response; empty if it is right.
        seconds: Duration of the call.
    """

    faults: tuple[Fault, ...]
    error: str
    wrong: str
    seconds: float


async def run_storm(live: LiveServer, cases: int, seed: int) -> list[Outcome]:
    """Make calls, each through its own proxy, and return their results."""
    with Client(live.address, timeout=60) as clean:
        golden = [list(clean.stream("scale", bars=_BARS, seed=number)) for number in range(_SEEDS)]
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(AT_ONCE))
    slots = asyncio.Semaphore(AT_ONCE)

    async def run(number: int) -> Outcome:
        async with slots:
            return await _run_case(live.address, golden, random.Random(f"{seed} {number}"))  # noqa: S311

    return await asyncio.gather(*(run(number) for number in range(cases)))


async def _run_case(
    target: str, golden: Sequence[Sequence[NoteSequence]], draw: random.Random
) -> Outcome:
    faults: list[Fault] = []

    def next_plan() -> Plan:
        plan = draw_plan(draw)
        faults.append(plan.fault)
        return plan

    seed = draw.randrange(_SEEDS)
    call = draw.choice([_generate, _stream, _generate_sync, _stream_sync])
    error = wrong = ""
    async with ChaosProxy(target, next_plan) as proxy:
        begin = time.monotonic()
        pieces: list[NoteSequence] = []
        try:
            await call(proxy.address, seed, pieces)
            wrong = "" if _merged(pieces) == _merged(golden[seed]) else "unexpected response"
        except MagentaBridgeError as raised:
            error = type(raised).__name__
            wrong = "" if isinstance(raised, _EXPECTED) else raised.message
            if pieces != list(golden[seed][: len(pieces)]):
                wrong = "unexpected chunks"
        return Outcome(tuple(faults), error, wrong, time.monotonic() - begin)


async def _generate(address: str, seed: int, pieces: list[NoteSequence]) -> None:
    async with AsyncClient(address, timeout=TIMEOUT, keepalive=1.0) as client:
        pieces.append(await client.generate("scale", bars=_BARS, seed=seed))


async def _stream(address: str, seed: int, pieces: list[NoteSequence]) -> None:
    async with AsyncClient(address, timeout=TIMEOUT, keepalive=1.0) as client:
        async for piece in client.stream("scale", bars=_BARS, seed=seed):
            pieces.append(piece)


async def _generate_sync(address: str, seed: int, pieces: list[NoteSequence]) -> None:
    def call() -> None:
        with Client(address, timeout=TIMEOUT, keepalive=1.0) as client:
            pieces.append(client.generate("scale", bars=_BARS, seed=seed))

    await asyncio.to_thread(call)


async def _stream_sync(address: str, seed: int, pieces: list[NoteSequence]) -> None:
    def call() -> None:
        with Client(address, timeout=TIMEOUT, keepalive=1.0) as client:
            pieces.extend(client.stream("scale", bars=_BARS, seed=seed))

    await asyncio.to_thread(call)


def _merged(pieces: Sequence[NoteSequence]) -> NoteSequence:
    whole = NoteSequence()
    for piece in pieces:
        whole.MergeFrom(piece)
    return whole


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    live = LiveServer()
    try:
        outcomes = asyncio.run(run_storm(live, arguments.cases, arguments.seed))
        live.wait_until_free()
    finally:
        live.close()
    print(Counter(outcome.error or "right" for outcome in outcomes))  # noqa: T201
    print("longest:", round(max(outcome.seconds for outcome in outcomes), 2), "s")  # noqa: T201
    wrong = [outcome for outcome in outcomes if outcome.wrong]
    raise SystemExit(f"wrong: {wrong}" if wrong else 0)


if __name__ == "__main__":
    main()
