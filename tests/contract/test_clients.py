"""Client, AsyncClient and a loaded generator: the same results, the same errors."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import socket
import time
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from magenta_bridge.client import Argument, ArgumentType, AsyncClient, Capability, Client
from magenta_bridge.errors import (
    DeadlineError,
    InvalidArgumentError,
    InvalidSequenceError,
    LimitExceededError,
    MagentaBridgeError,
    NotFoundError,
    ServerUnavailableError,
    UnsupportedError,
)
from magenta_bridge.generators.registry import GeneratorRegistry
from magenta_bridge.local import Generator, LocalClient
from magenta_bridge.noteseq import NoteSequence
from tests.contract.live_server import LiveServer

Ask = Callable[[Any], Any]

GENERATE: dict[str, Ask] = {
    "generate": lambda bridge: bridge.generate("scale", bars=3, seed=1, temperature=0.5),
    "continue": lambda bridge: bridge.generate("scale", primer=_primer(), bars=2, seed=1),
    "seconds": lambda bridge: bridge.generate("scale", start=3.0, end=9.5, seed=1),
    "last seed": lambda bridge: bridge.variations("scale", 2, seed=2**31 - 1),
    "variations": lambda bridge: bridge.variations("scale", 3, seed=1, mode="minor", rests=True),
    "stream": lambda bridge: _listed(bridge.stream("scale", bars=4, seed=9)),
}
DESCRIBE: dict[str, Ask] = {
    "generators": lambda bridge: bridge.generators(),
    "generator": lambda bridge: bridge.generator("scale"),
    "bundles": lambda bridge: bridge.bundles(),
    "load_bundle": lambda bridge: bridge.load_bundle("light.mag"),
}
Fault = tuple[type[MagentaBridgeError], str, Ask]
GENERATE_FAULTS: dict[str, Fault] = {
    "unknown": (NotFoundError, "generator_id", lambda bridge: bridge.generate("missing")),
    "argument": (
        InvalidArgumentError,
        "options.args[temperature]",
        lambda bridge: bridge.generate("scale", temperature=9.0),
    ),
    "name": (
        InvalidArgumentError,
        "options.args[wildness]",
        lambda bridge: bridge.variations("scale", 2, wildness=1),
    ),
    "primer": (
        InvalidSequenceError,
        "primer.notes[0].pitch",
        lambda bridge: bridge.generate("scale", primer=_primer(pitch=200)),
    ),
    "count": (LimitExceededError, "variations", lambda bridge: bridge.variations("scale", 17)),
    "bars": (InvalidArgumentError, "bars", lambda bridge: bridge.generate("scale", bars=0)),
    "seed": (InvalidArgumentError, "seed", lambda bridge: bridge.generate("scale", seed=2**31)),
    "section": (
        InvalidArgumentError,
        "options.generate_sections[0].end_time",
        lambda bridge: _listed(bridge.stream("scale", start=3.0, end=3.0)),
    ),
}
FAULTS: dict[str, Fault] = GENERATE_FAULTS | {
    "bundle": (NotFoundError, "name", lambda bridge: bridge.load_bundle("none.mag")),
    "path": (InvalidArgumentError, "name", lambda bridge: bridge.load_bundle("../light.mag")),
    "fixed": (UnsupportedError, "generator_id", lambda bridge: bridge.unload("scale")),
    "late": (DeadlineError, "", lambda bridge: bridge.generate("gated")),
}


def _listed(pieces: Any) -> Any:  # noqa: ANN401 - of either kind
    """Return the pieces of a stream; an awaitable of them for an asynchronous one."""

    async def collect() -> list[NoteSequence]:
        return [piece async for piece in pieces]

    return collect() if hasattr(pieces, "__aiter__") else list(pieces)


class Loaded:
    """Has the methods of a client; each runs on a loaded generator, which implies its id."""

    def __init__(self, live: LiveServer) -> None:
        self._client = LocalClient(GeneratorRegistry([live.scale]))

    def __getattr__(self, name: str) -> Ask:
        def call(generator_id: str, *args: object, **named: object) -> object:
            generator = Generator(self._client, self._client.generator(generator_id))
            result: object = getattr(generator, name)(*args, **named)
            return result

        return call


def _primer(pitch: int = 60) -> NoteSequence:
    primer = NoteSequence(total_time=3.0)
    primer.tempos.add(qpm=60)
    primer.time_signatures.add(numerator=3, denominator=4)
    primer.notes.add(pitch=pitch, velocity=80, end_time=3.0)
    return primer


def _call_async(live: LiveServer, call: Callable[[Any], Any], timeout: float = 30) -> object:
    """Return the asyncio client's response."""

    async def await_result() -> object:
        async with AsyncClient(live.address, timeout=timeout) as bridge:
            answer: object = await call(bridge)
            return answer

    return live.run(await_result())


@pytest.mark.parametrize("name", GENERATE | DESCRIBE)
def test_all_return_the_same(live: LiveServer, client: Client, name: str) -> None:
    call = (GENERATE | DESCRIBE)[name]
    result = call(client)
    assert result
    assert result == _call_async(live, call)
    assert name in DESCRIBE or result == call(Loaded(live))


@pytest.mark.parametrize("name", FAULTS)
def test_all_raise_the_same(live: LiveServer, name: str) -> None:
    cls, field, call = FAULTS[name]
    with Client(live.address, timeout=0.3) as bridge, pytest.raises(MagentaBridgeError) as one:
        call(bridge)
    with pytest.raises(MagentaBridgeError) as two:
        _call_async(live, call, timeout=0.3)
    assert type(one.value) is type(two.value) is cls
    # A deadline passes on both sides at once, and either may report it first.
    assert cls is DeadlineError or one.value.message == two.value.message
    assert one.value.field == two.value.field == field
    if name in GENERATE_FAULTS:
        with pytest.raises(cls) as three:
            call(Loaded(live))
        assert (type(three.value), three.value.field) == (cls, field)
        # The generators that the message about an unknown one lists differ.
        assert cls is NotFoundError or three.value.message == one.value.message


@pytest.mark.parametrize("name", ["generate", "variations", "stream"])
def test_all_have_the_same_parameters(name: str) -> None:
    """Same names, order and defaults; a loaded generator has none for its id."""
    client, *others = (
        list(inspect.signature(getattr(cls, name)).parameters.values())
        for cls in (Client, AsyncClient, LocalClient)
    )
    assert others == [client, client]
    assert client[1].name == "generator_id"
    loaded = list(inspect.signature(getattr(Generator, name)).parameters.values())
    assert loaded == [client[0], *client[2:]]


def test_new_bars_begin_at_the_bar_line_after_the_primer(client: Client) -> None:
    """Two bars of 3/4 at 60 qpm after a primer of one bar: from second 3 to 9."""
    clip = client.generate("scale", primer=_primer(), bars=2, seed=1)
    assert min(note.start_time for note in clip.notes) == 3.0
    assert max(note.end_time for note in clip.notes) == 9.0


def test_the_default_is_four_bars_at_120_qpm(client: Client) -> None:
    clip = client.generate("scale")
    assert max(note.end_time for note in clip.notes) == 8.0


def test_streamed_pieces_merge_to_what_generate_gives(client: Client) -> None:
    whole = client.generate("scale", bars=4, seed=9)
    merged = NoteSequence()
    pieces = list(client.stream("scale", bars=4, seed=9))
    for piece in pieces:
        merged.MergeFrom(piece)
    assert len(pieces) == 4
    assert merged == whole


def test_closing_a_stream_stops_the_generator(live: LiveServer, client: Client) -> None:
    pieces = client.stream("endless")
    next(pieces)
    pieces.close()  # type: ignore[attr-defined]
    assert live.endless.ended.wait(10)
    live.wait_until_free()


def test_closing_an_asyncio_stream_stops_the_generator(live: LiveServer) -> None:
    async def leave() -> None:
        async with AsyncClient(live.address) as bridge:
            async with contextlib.aclosing(bridge.stream("endless")) as pieces:
                await pieces.__anext__()
            assert await asyncio.to_thread(live.endless.ended.wait, 10)

    live.run(leave())
    live.wait_until_free()


def test_a_missing_server_is_reported_at_once(live: LiveServer) -> None:
    with socket.create_server(("127.0.0.1", 0)) as reserved:
        address = f"127.0.0.1:{reserved.getsockname()[1]}"

    async def call() -> None:
        async with AsyncClient(address) as bridge:
            await bridge.generator("scale")

    async def stream() -> None:
        async with AsyncClient(address) as bridge:
            await bridge.stream("scale").__anext__()

    attempts: list[Callable[[Client], Any]] = [
        lambda bridge: bridge.generators(),
        lambda bridge: bridge.generate("scale"),
        lambda bridge: list(bridge.stream("scale")),
        lambda _: live.run(call()),
        lambda _: live.run(stream()),
    ]
    for attempt in attempts:
        begin = time.monotonic()
        with Client(address) as client, pytest.raises(ServerUnavailableError) as caught:
            attempt(client)
        assert caught.value.message == (
            f"No server answers at {address}; start one with: magenta-bridge serve"
        )
        assert time.monotonic() - begin < 30


def test_a_closed_client_raises_an_error(live: LiveServer) -> None:
    client = Client(live.address)
    client.close()
    with pytest.raises(ServerUnavailableError, match="closed"):
        client.generators()

    async def use_closed() -> None:
        bridge = AsyncClient(live.address)
        await bridge.generators()
        await bridge.close()
        await bridge.generators()

    with pytest.raises(ServerUnavailableError, match="closed"):
        live.run(use_closed())


def test_a_generator_is_described_in_plain_values(client: Client) -> None:
    scale = client.generator("scale")
    assert (scale.id, scale.family, scale.capabilities) == ("scale", "fake", _CAPABILITIES)
    assert scale.arguments[0] == Argument(
        "seed", ArgumentType.INT, 0, "Repeats the music.", 0, 2**31 - 1
    )
    assert [row.default for row in scale.arguments] == [0, 1.0, 48, False, "major"]
    assert scale.arguments[-1].minimum is None


_CAPABILITIES = (Capability.GENERATE, Capability.CONTINUE)


def test_many_clients_at_once_get_their_own_answers(live: LiveServer) -> None:
    """Sixteen requests share two threads; each gets the result of its seed."""

    async def ask_all() -> list[NoteSequence]:
        async with AsyncClient(live.address) as bridge:
            attempts: list[Coroutine[Any, Any, NoteSequence]] = [
                bridge.generate("scale", seed=seed) for seed in range(16)
            ]
            return await asyncio.gather(*attempts)

    together = live.run(ask_all())
    with Client(live.address) as client:
        assert together == [client.generate("scale", seed=seed) for seed in range(16)]


def test_asyncio_variations_are_generated_concurrently(live: LiveServer) -> None:
    """All of them are open at once; none returns before the gate opens."""

    async def ask() -> list[NoteSequence]:
        async with AsyncClient(live.address) as bridge:
            variations = asyncio.ensure_future(bridge.variations("gated", 3))
            while live.pool.open != 3:
                await asyncio.sleep(0)
            live.gated.gate.set()
            return await variations

    assert len(live.run(ask())) == 3


def test_an_asyncio_client_may_be_created_outside_an_event_loop(live: LiveServer) -> None:
    bridge = AsyncClient(live.address)

    async def ask() -> NoteSequence:
        return await bridge.generate("scale", seed=1)

    try:
        clip = live.run(ask())
        with Client(live.address) as client:
            assert clip == client.generate("scale", seed=1)
        with pytest.raises(UnsupportedError):
            asyncio.run(ask())
    finally:
        live.run(bridge.close())
