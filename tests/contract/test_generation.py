"""Seeds, variations and chunks of the generation rpcs."""

from __future__ import annotations

from typing import Any

import pytest

from magenta_bridge.noteseq import NoteSequence
from magenta_bridge.v1 import generation_pb2 as pb
from magenta_bridge.v1.generation_pb2_grpc import GenerationServiceStub
from tests.contract.live_server import LiveServer
from tests.contract.rpc_cases import options


@pytest.fixture
def stub(live: LiveServer) -> GenerationServiceStub:
    return GenerationServiceStub(live.channel)


def _request(**fields: Any) -> pb.GenerateRequest:  # noqa: ANN401 - fields of many types
    return pb.GenerateRequest(**{"generator_id": "scale", "options": options(2, 10), **fields})


def test_equal_seeds_give_equal_notes(stub: GenerationServiceStub) -> None:
    first, second = (stub.Generate(_request(seed=5)) for _ in range(2))
    assert first == second
    assert first.seed == 5
    assert first.sequences != stub.Generate(_request(seed=6)).sequences


def test_a_random_seed_is_returned_and_repeats_the_result(stub: GenerationServiceStub) -> None:
    drawn = [stub.Generate(_request()) for _ in range(3)]
    assert len({response.seed for response in drawn}) > 1
    for response in drawn:
        assert 0 <= response.seed < 2**31
        assert stub.Generate(_request(seed=response.seed)) == response


def test_a_seed_in_the_arguments_applies_if_the_request_has_none(
    stub: GenerationServiceStub,
) -> None:
    seeded = options(2, 10)
    seeded.args["seed"].int_value = 5
    assert stub.Generate(_request(options=seeded)) == stub.Generate(_request(seed=5))
    assert stub.Generate(_request(options=seeded, seed=6)).seed == 6


@pytest.mark.parametrize("seed", [0, 2**31 - 2])
def test_variation_i_equals_the_result_of_seed_plus_i(
    stub: GenerationServiceStub, seed: int
) -> None:
    """Also if the sum exceeds the largest seed and wraps to 0."""
    together = stub.Generate(_request(seed=seed, variations=4)).sequences
    alone = [
        stub.Generate(_request(seed=(seed + index) % 2**31)).sequences[0] for index in range(4)
    ]
    assert list(together) == alone


def test_the_chunks_add_up_to_the_whole(stub: GenerationServiceStub) -> None:
    """For each variation: in order, complete up to their time, one last chunk."""
    whole = stub.Generate(_request(seed=3, variations=3))
    request = pb.StreamGenerateRequest(
        generator_id="scale", options=options(2, 10), seed=3, variations=3
    )
    pieces = list(stub.StreamGenerate(request))
    assert [piece.variation for piece in pieces] == sorted(piece.variation for piece in pieces)
    assert {piece.seed for piece in pieces} == {3}
    for variation, expected in enumerate(whole.sequences):
        mine = [piece for piece in pieces if piece.variation == variation]
        assert [piece.last for piece in mine] == [False] * (len(mine) - 1) + [True]
        assert len(mine) == 5
        reached = [piece.complete_until for piece in mine]
        assert reached == sorted(reached)
        assert reached[-1] == 10.0
        merged = NoteSequence()
        for piece in mine:
            merged.MergeFrom(piece.chunk)
            assert all(note.end_time <= piece.complete_until for note in merged.notes)
        assert merged == expected


def test_the_first_chunk_arrives_before_the_last_is_generated(
    live: LiveServer, stub: GenerationServiceStub
) -> None:
    request = pb.StreamGenerateRequest(generator_id="gated", options=options())
    answer = iter(stub.StreamGenerate(request, timeout=30))
    assert not next(answer).last
    assert not live.gated.ended.is_set()
    live.gated.gate.set()
    assert [piece.last for piece in answer] == [False, True]


def test_generators_have_their_own_descriptions(
    live: LiveServer, stub: GenerationServiceStub
) -> None:
    found = stub.GetGenerator(pb.GetGeneratorRequest(generator_id="scale")).generator
    info = live.scale.info
    assert (found.id, found.description) == (info.id, info.description)
    assert (found.family, found.encoding) == (info.family, info.encoding)
    assert found.steps_per_quarter == info.steps_per_quarter
    assert len(found.capabilities) == len(info.capabilities)
    for message, row in zip(found.arguments, info.arguments, strict=True):
        assert (message.name, message.unit, message.help) == (row.name, row.unit, row.help)
        assert getattr(message.default_value, row.type.value) == row.default
        assert message.HasField("minimum") == (row.minimum is not None)
        assert message.maximum == (row.maximum or 0)


def test_the_pages_contain_every_generator_once(stub: GenerationServiceStub) -> None:
    names: list[str] = []
    request = pb.ListGeneratorsRequest(page_size=3)
    while True:
        page = stub.ListGenerators(request)
        assert len(page.generators) <= 3
        names.extend(generator.id for generator in page.generators)
        if not page.next_page_token:
            break
        request.page_token = page.next_page_token
    assert names == ["endless", "faulty", "gated", "light", "scale"]
