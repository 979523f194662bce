"""Telling a generator's music from people's: which excerpts are compared, and what is said."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from magenta_bridge.encodings import drums
from magenta_bridge.evaluation.features.registry import features_for
from magenta_bridge.evaluation.two_sample import TwoSampleTest, tell_apart
from magenta_bridge.generators.generator import Interrupt, SequenceGenerator, never_interrupt
from magenta_bridge.noteseq import GeneratorOptions, NoteSequence

EVENTS = (0, 1, 2, 4, 5, 6)


def piece(seed: int, bars: int, *, chances: tuple[float, ...]) -> NDArray[np.int32]:
    """Return the input ids of a random groove in 4/4."""
    ids = np.random.default_rng(seed).choice(EVENTS, size=16 * bars, p=chances)
    return np.concatenate([[drums.start_id(2)], ids]).astype(np.int32)


PEOPLE = (0.3, 0.1, 0.1, 0.3, 0.1, 0.1)


class Drummer(SequenceGenerator):
    """Plays random grooves; the silent one plays less."""

    def __init__(self, chances: tuple[float, ...]) -> None:
        self._chances = chances
        self.seeds: Iterator[int] = itertools.count(1000)

    def stream(
        self,
        input_sequence: NoteSequence,
        generator_options: GeneratorOptions,
        *,
        interrupt: Interrupt = never_interrupt,
    ) -> Iterator[NoteSequence]:
        del input_sequence, generator_options, interrupt
        yield features_for("drums").whole(piece(next(self.seeds), 16, chances=self._chances))


def compared(chances: tuple[float, ...], *, held_out: int = 20) -> TwoSampleTest | None:
    """Return the test of a drummer against twenty pieces or fewer."""
    features = features_for("drums")
    pieces = [piece(seed, 33, chances=PEOPLE) for seed in range(held_out + 25)]
    return tell_apart(features, Drummer(chances), pieces[:held_out], pieces[held_out:], samples=50)


def test_a_drummer_like_the_others_is_hardly_distinguished_and_another_is() -> None:
    """Two excerpts of sixteen bars of each piece; the control does not depend on the generator."""
    same, sparse = compared(PEOPLE), compared((0.8, 0.04, 0.04, 0.04, 0.04, 0.04))
    assert same is not None
    assert sparse is not None
    assert (same.samples, same.held_out, same.others) == (50, 40, 50)
    assert same.people == sparse.people
    assert abs(same.people - 0.5) < 0.2
    assert abs(same.ours - 0.5) < 0.2
    assert sparse.ours > 0.95
    assert f"AUC of {sparse.ours:.2f}" in str(sparse)


def test_a_few_pieces_are_no_test() -> None:
    assert compared(PEOPLE, held_out=19) is None
