"""Runs shared with a corpus: by hand, and against looking everywhere."""

from __future__ import annotations

from itertools import pairwise, product, takewhile

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from magenta_bridge.evaluation.metrics.note_array import Tones
from magenta_bridge.evaluation.metrics.originality import NOTHING, Corpus, Run, share_with_run
from tests.evaluation.metrics.pieces import DRUMS, ONE_NOTE, SILENCE, line, piece

SCALE = line([60, 62, 64, 65, 67, 69, 71, 72], length=2)


def test_a_run_is_found_in_another_key() -> None:
    """The third to seventh notes of the scale, a tone up, behind two notes of their own."""
    found = Corpus([line([50, 50, 50]), SCALE]).longest_run(
        line([40, 77, 66, 67, 69, 71, 73, 40], length=2)
    )
    assert found == Run(notes=5, piece=1, start_in_piece=2, start=2)


def test_another_rhythm_is_another_run() -> None:
    assert Corpus([SCALE]).longest_run(line([60, 62, 64, 65], length=1)) == NOTHING
    swung = piece((0, 3, 60), (3, 4, 62), (4, 6, 64), (6, 7, 65))
    assert Corpus([SCALE]).longest_run(swung).notes == 2


def test_how_long_notes_sound_does_not_matter() -> None:
    short = piece((0, 1, 60), (2, 3, 62), (4, 5, 64))
    assert Corpus([SCALE]).longest_run(short).notes == 3


def test_chords_are_runs_from_the_lowest_note_up() -> None:
    chords = piece((0, 4, 60), (0, 4, 64), (0, 4, 67), (4, 8, 59), (4, 8, 62))
    moved = piece((8, 9, 67), (8, 9, 71), (8, 9, 74), (12, 13, 66), (12, 13, 70))
    assert Corpus([chords]).longest_run(moved) == Run(4, 0, 0, 0)


def test_a_run_does_not_go_on_in_the_next_piece() -> None:
    halves = [line([60, 62, 64]), line([65, 67, 69])]
    found = Corpus(halves).longest_run(line([60, 62, 64, 65, 67, 69]))
    assert (found.notes, found.piece) == (3, 0)


def test_of_equal_runs_the_first_is_reported() -> None:
    corpus = Corpus([SILENCE, line([60, 61, 60, 61]), line([60, 61])])
    assert corpus.longest_run(line([70, 71])) == Run(2, 1, 0, 0)


def test_a_piece_of_the_corpus_is_all_copied() -> None:
    rng = np.random.default_rng(0)
    pieces = [line(rng.integers(50, 70, int(size)).tolist()) for size in rng.integers(2, 200, 20)]
    corpus = Corpus(pieces)
    for index, tones in enumerate(pieces):
        found = corpus.longest_run(tones)
        assert (found.notes, found.start_in_piece, found.start) == (len(tones), 0, 0)
        assert found.piece <= index


def test_drums_are_looked_up_among_drums() -> None:
    """A piece of drums alone is a line; drums below a melody, and melodies, are another matter."""
    hits = [(0, 1, 36), (4, 5, 38), (8, 9, 36), (11, 12, 38)]
    corpus = Corpus([piece(*hits), DRUMS])
    assert corpus.longest_run(DRUMS) == Run(4, 1, 0, 0)
    assert corpus.longest_run(piece(*hits)) == Run(4, 0, 0, 0)
    assert corpus.longest_run(piece((0, 4, 60), (4, 8, 64), drums=hits)) == NOTHING


def test_where_nothing_can_be_shared_nothing_is() -> None:
    for tones, pieces in product((SILENCE, ONE_NOTE, SCALE), ([], [SILENCE], [ONE_NOTE, SILENCE])):
        assert Corpus(pieces).longest_run(tones) == NOTHING
    for tones in (SILENCE, ONE_NOTE):
        assert Corpus([SCALE]).longest_run(tones) == NOTHING


def test_shares_count_runs_of_enough_notes() -> None:
    runs = [Run(notes, 0, 0, 0) for notes in (2, 8, 9, 30)]
    assert share_with_run(runs, 9) == 1 / 2
    assert share_with_run([], 9) == 0.0


PIECES = st.lists(
    st.tuples(st.integers(0, 6), st.integers(60, 63)), min_size=0, max_size=14, unique=True
).map(lambda notes: piece(*((start, start + 1, pitch) for start, pitch in notes)))


def steps_of(tones: Tones) -> list[tuple[int, int]]:
    """Return interval and wait from note to note."""
    notes = list(zip(tones.pitch.tolist(), tones.start.tolist(), strict=True))
    return [(b[0] - a[0], b[1] - a[1]) for a, b in pairwise(notes)]


@given(st.lists(PIECES, max_size=4), PIECES)
def test_looking_everywhere_finds_no_longer_run(pieces: list[Tones], asked: Tones) -> None:
    """And the reported run is one."""
    line_asked, lines = steps_of(asked), [steps_of(tones) for tones in pieces]
    best = NOTHING
    for at, (index, other) in product(range(len(line_asked)), enumerate(lines)):
        for there in range(len(other)):
            together = zip(line_asked[at:], other[there:], strict=False)
            length = len(list(takewhile(lambda pair: pair[0] == pair[1], together)))
            if length and length + 1 > best.notes:
                best = Run(length + 1, index, there, at)
    assert Corpus(pieces).longest_run(asked) == best
