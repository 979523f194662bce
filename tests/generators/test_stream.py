"""Music comes piece by piece, and every piece is final."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from magenta_bridge.errors import CancelledError
from magenta_bridge.generators.generator import SequenceGenerator
from magenta_bridge.noteseq import NoteSequence
from tests.generators.section_checks import check_section, generate, options
from tests.sequences.music import music

PRIMER = music((67, 0, 0.5), (69, 0.5, 1), (71, 1, 1.5), (67, 1.5, 2), qpm=120, meter=(4, 4))
START, END = 2.0, 18.0
# Encodings whose voices overlap: a note may sound on while others begin.
OVERLAPPING = ("duo", "groove", "polyphony", "performance")


def pieces_of(generator: SequenceGenerator, seed: int) -> list[NoteSequence]:
    """Return all pieces of one section."""
    return list(generator.stream(PRIMER, options(START, END, seed=seed)))


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**31 - 1))
def test_all_pieces_together_are_the_section(generator: SequenceGenerator, seed: int) -> None:
    """Each is returned once, and is complete up to its ``total_time``."""
    pieces = pieces_of(generator, seed)
    whole = NoteSequence()
    complete = START
    for piece in pieces:
        assert piece.total_time >= complete
        assert all(complete <= note.start_time < piece.total_time for note in piece.notes)
        if generator.info.encoding not in OVERLAPPING:
            assert all(note.end_time <= piece.total_time for note in piece.notes)
        complete = piece.total_time
        whole.MergeFrom(piece)
    assert complete == END
    check_section(generator, whole, START, END)
    assert whole == generator.generate(PRIMER, options(START, END, seed=seed))


def test_only_the_first_piece_carries_tempo_and_meter(generator: SequenceGenerator) -> None:
    first, *others = pieces_of(generator, 1)
    assert list(first.tempos) == list(PRIMER.tempos)
    assert list(first.time_signatures) == list(PRIMER.time_signatures)
    assert not any(piece.tempos or piece.time_signatures for piece in others)


def test_music_arrives_long_before_the_end(generator: SequenceGenerator) -> None:
    """The first bar can be played while the last is not generated yet."""
    assert len(pieces_of(generator, 1)) >= 4


def test_equal_seeds_give_equal_notes(generator: SequenceGenerator) -> None:
    assert pieces_of(generator, 9) == pieces_of(generator, 9)


def test_different_seeds_give_different_notes(generator: SequenceGenerator) -> None:
    results = {
        generator.generate(PRIMER, options(START, END, seed=seed)).SerializeToString()
        for seed in range(8)
    }
    assert len(results) == 8


def test_two_concurrent_requests_are_independent(generator: SequenceGenerator) -> None:
    expected = [generate(generator, PRIMER, START, END, seed=seed) for seed in range(4)]
    with ThreadPoolExecutor(2) as threads:
        found = threads.map(
            lambda seed: generator.generate(PRIMER, options(START, END, seed=seed)), range(4)
        )
        assert list(found) == expected


def interrupt_at(call: int) -> Callable[[], None]:
    """Return an interrupt that raises when it is called for the n-th time."""
    calls = iter(range(call))

    def interrupt() -> None:
        if next(calls, None) is None:
            raise CancelledError("The caller took it back.")

    return interrupt


@pytest.mark.parametrize("calls", [0, 1, 2, 3])
def test_an_interrupt_stops_the_work(generator: SequenceGenerator, calls: int) -> None:
    """While the primer is read as well as later; the next request is not affected."""
    expected = generate(generator, PRIMER, START, END, seed=4)
    with pytest.raises(CancelledError):
        generator.generate(PRIMER, options(START, END, seed=4), interrupt=interrupt_at(calls))
    assert generate(generator, PRIMER, START, END, seed=4) == expected


def test_an_interrupt_is_called_often(generator: SequenceGenerator) -> None:
    """At least every other bar, so that a cancelled request frees its core at once."""
    calls = []
    generator.generate(PRIMER, options(START, END), interrupt=lambda: calls.append(1))
    assert len(calls) >= (END - START) / 4.0


def test_a_stream_closed_halfway_changes_nothing_else(generator: SequenceGenerator) -> None:
    """Its session is reset for the next request."""
    expected = generate(generator, PRIMER, START, END, seed=4)
    left = generator.stream(PRIMER, options(START, END, seed=5))
    next(left)
    assert generate(generator, PRIMER, START, END, seed=4) == expected
    left.close()  # type: ignore[attr-defined]
    assert generate(generator, PRIMER, START, END, seed=4) == expected
