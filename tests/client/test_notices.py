"""Notices come the same way from every client: with the answer, in a list of the caller's."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator

import pytest

from magenta_bridge import AsyncClient, Client, Notice, load, serve
from magenta_bridge.noteseq import NoteSequence
from magenta_bridge.v1 import generation_pb2 as pb
from tests.sequences.music import music

TUNE = music((60, 0, 1), (62, 1, 2), qpm=120)


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """A server with the drums."""
    with serve(port=0, bundles=["lstm_drums"]) as server:
        yield server.address


async def asynchronous(address: str, notices: list[Notice]) -> list[NoteSequence]:
    """Make each call of the asyncio client."""
    async with AsyncClient(address) as client:
        await client.generate("lstm_drums", primer=TUNE, seed=1, notices=notices)
        found = await client.variations("lstm_drums", 3, primer=TUNE, seed=1, notices=notices)
        async with contextlib.aclosing(
            client.stream("lstm_drums", primer=TUNE, seed=1, notices=notices)
        ) as pieces:
            async for _ in pieces:
                assert len(notices) == 3
        return found


def test_each_call_of_each_client_adds_the_notice_once(address: str) -> None:
    with Client(address) as client:
        of_client: list[Notice] = []
        client.generate("lstm_drums", primer=TUNE, seed=1, notices=of_client)
        expected = client.variations("lstm_drums", 3, primer=TUNE, seed=1, notices=of_client)
        list(client.stream("lstm_drums", primer=TUNE, seed=1, notices=of_client))
        assert client.generate("lstm_drums", primer=TUNE, seed=1) == expected[0]
    of_loaded: list[Notice] = []
    loaded = load("lstm_drums")
    loaded.generate(primer=TUNE, seed=1, notices=of_loaded)
    assert loaded.variations(3, primer=TUNE, seed=1, notices=of_loaded) == expected
    list(loaded.stream(primer=TUNE, seed=1, notices=of_loaded))
    of_async: list[Notice] = []
    assert asyncio.run(asynchronous(address, of_async)) == expected
    assert [notice.code for notice in of_client] == ["PITCHES_NOT_READ"] * 3
    assert of_client == of_loaded == of_async


def test_a_stream_has_its_notices_in_its_first_piece(address: str) -> None:
    with Client(address) as client:
        request = pb.StreamGenerateRequest(generator_id="lstm_drums", primer=TUNE, variations=2)
        request.options.generate_sections.add(start_time=2.0, end_time=10.0)
        pieces = list(client._stubs.generation.StreamGenerate(request))
    assert [len(piece.notices) for piece in pieces] == [1] + [0] * (len(pieces) - 1)


def test_a_primer_that_is_read_adds_nothing() -> None:
    notices: list[Notice] = []
    load("lstm_melody").generate(primer=TUNE, seed=1, notices=notices)
    assert notices == []
