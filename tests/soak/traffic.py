"""A client process of a soak test: all kinds of calls at once, with checked responses.

python -m tests.soak.traffic ADDRESS SECONDS SEED reads the expected responses as JSON from its
input, and prints one line of JSON at the end.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import math
import random
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence

from magenta_bridge.client import AsyncClient
from magenta_bridge.errors import (
    DeadlineError,
    InvalidArgumentError,
    MagentaBridgeError,
    NotFoundError,
    OverloadedError,
)
from magenta_bridge.noteseq import NoteSequence
from tests.soak.drift import Stopwatch
from tests.soak.golden import draw_request, fingerprint

AT_ONCE = 8
CALLS_PER_CONNECTION = 50
_MIX = {"generate": 8, "stream": 5, "leave": 4, "bad": 2, "late": 1}


class Caller:
    """Makes one call after another and counts the results.

    Args:
        golden: Fingerprints of the expected responses by the keys of requests.
        draw: Source of randomness.
        watch: Collects the durations of whole responses.
    """

    def __init__(self, golden: Mapping[str, str], draw: random.Random, watch: Stopwatch) -> None:
        self._golden = golden
        self._draw = draw
        self._watch = watch
        self.score: Counter[str] = Counter()

    async def run(self, address: str, until: float) -> None:
        """Make calls until then, at least one of each kind, on several connections."""
        await self._call_each(address, list(_MIX), math.inf)
        while time.monotonic() < until:
            kinds = self._draw.choices(list(_MIX), list(_MIX.values()), k=CALLS_PER_CONNECTION)
            await self._call_each(address, kinds, until)

    async def _call_each(self, address: str, kinds: Sequence[str], until: float) -> None:
        async with AsyncClient(address, timeout=60, retry=False) as client:
            for kind in kinds:
                if time.monotonic() >= until:
                    return
                await self._call(client, address, kind)

    async def _call(self, client: AsyncClient, address: str, kind: str) -> None:
        begin = time.monotonic()
        try:
            if kind == "late":
                await self._late(address)
            else:
                await getattr(self, f"_{kind}")(client)
            self.score[kind] += 1
        except OverloadedError:
            self.score["refused"] += 1
        except MagentaBridgeError as error:
            self.score["wrong"] += 1
            print(f"{kind}: {error.message}", file=sys.stderr)  # noqa: T201
        if kind == "generate":
            self._watch.note(time.monotonic() - begin)

    def _check(self, key: str, music: NoteSequence) -> None:
        if fingerprint(music) != self._golden[key]:
            self.score["wrong"] += 1
            print(f"{key}: unexpected response", file=sys.stderr)  # noqa: T201

    async def _generate(self, client: AsyncClient) -> None:
        request = draw_request(self._draw)
        self._check(
            request.key,
            await client.generate(request.generator_id, bars=request.bars, seed=request.seed),
        )

    async def _stream(self, client: AsyncClient) -> None:
        request, music = draw_request(self._draw), NoteSequence()
        async for piece in client.stream(
            request.generator_id, bars=request.bars, seed=request.seed
        ):
            music.MergeFrom(piece)
        self._check(request.key, music)

    async def _leave(self, client: AsyncClient) -> None:
        request, left = draw_request(self._draw), self._draw.randrange(4)
        stream = client.stream(request.generator_id, bars=64, seed=request.seed)
        async with contextlib.aclosing(stream) as pieces:
            async for _ in pieces:
                if not left:
                    break
                left -= 1

    async def _bad(self, client: AsyncClient) -> None:
        with contextlib.suppress(InvalidArgumentError):
            await client.generate("lstm_melody", temperature=1e9)
            raise MagentaBridgeError("A temperature out of range was accepted.")
        with contextlib.suppress(NotFoundError):
            await client.generate("missing")
            raise MagentaBridgeError("An unknown generator responded.")

    async def _late(self, address: str) -> None:
        async with AsyncClient(address, timeout=self._draw.uniform(0.001, 0.1)) as hurried:
            with contextlib.suppress(DeadlineError):
                await hurried.variations("lstm_melody", 16, bars=64)


async def make_traffic(
    address: str, seconds: float, seed: str, golden: Mapping[str, str]
) -> dict[str, object]:
    """Make calls for some seconds; return the counts of results and the durations."""
    until, watch = time.monotonic() + seconds, Stopwatch(seconds)
    draws = [random.Random(f"{seed} {number}") for number in range(AT_ONCE)]  # noqa: S311
    callers = [Caller(golden, draw, watch) for draw in draws]
    await asyncio.gather(*(caller.run(address, until) for caller in callers))
    score: Counter[str] = Counter()
    for caller in callers:
        score += caller.score
    return {
        **score,
        "wrong": score["wrong"],
        "generate_p99_ms": round(1e3 * watch.whole(), 1),
        "stretches": watch.stretches(),
    }


def main() -> None:
    """Run the command line."""
    address, seconds, seed = sys.argv[1:4]
    golden = json.load(sys.stdin)
    print(json.dumps(asyncio.run(make_traffic(address, float(seconds), seed, golden))))  # noqa: T201


if __name__ == "__main__":
    main()
