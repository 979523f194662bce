"""The summary states what the figures show, and no more."""

from __future__ import annotations

from dataclasses import replace

from magenta_bridge.evaluation.report.comparison import Comparison
from magenta_bridge.evaluation.report.summary import evidence, points
from tests.evaluation.report.example import comparison, contender


def _words(found: Comparison) -> str:
    return "\n".join([evidence(found), *points(found)])


def test_the_best_model_is_named_with_the_difference() -> None:
    """A nat is 1.44 bits; half a nat more is 0.72 bits."""
    words = _words(comparison())
    assert (
        "alpha has the highest likelihood: 1.44 bits per note on held-out pieces (perplexity 2.7)"
        in words
    )
    assert "beta needs 0.72 (0.72 to 0.72) bits more (significant)" in words
    assert "needs 4.33 bits per note: alpha and beta are better." in words
    assert "The music of alpha is most similar to human music: its features overlap by 80%" in words
    assert "those of other human pieces by 90%" in words
    assert "beta is fastest: 35.0 µs per step; alpha takes 2.00 times" in words


def test_copying_is_compared_with_human_pieces() -> None:
    assert "beta shares the longest runs" in _words(comparison())
    assert "30 notes in its median sample, while held-out human pieces share 10" in _words(
        comparison()
    )
    assert "so it copies." in _words(comparison())
    modest = comparison(
        contender("a", nats=1, overlap=1, run=12, step_us=1),
        contender("b", nats=2, overlap=1, run=9, step_us=1),
    )
    assert "no model copies more than human pieces share with each other" in _words(modest)
    untrained = [replace(each, trained_on=False) for each in comparison().models]
    assert "nothing is copied" in _words(comparison(*untrained))


def test_an_insignificant_difference_is_called_so() -> None:
    one = contender("a", nats=1, overlap=1, run=9, step_us=1)
    same = replace(one, name="b")
    words = _words(comparison(one, same))
    assert "a has the highest likelihood, but not surely" in words
    assert "b needs 0.00 (0.00 to 0.00) bits more (not significant)" in words
    assert "a and b are equally fast" in words


def test_few_pieces_are_pointed_out() -> None:
    found = comparison()
    few = replace(found, data=replace(found.data, scored=3))
    assert "based on 3 melodies held out" in _words(few)
    assert "treat the differences below as hints" in _words(few)
    assert "too few pieces for a significance test" in _words(few)
    assert "hints" not in _words(found)
    assert "on 1 melody held out" in _words(replace(found, data=replace(found.data, scored=1)))


def test_the_training_data_of_each_model_is_named() -> None:
    one, other = comparison().models
    mixed = comparison(one, replace(other, trained_on=None))
    assert "The training data of alpha includes the rest of this music" in _words(mixed)
    assert "There is no training manifest for beta" in _words(mixed)
    untrained = comparison(replace(one, trained_on=False), replace(other, trained_on=False))
    assert "None of these models was trained on this music" in _words(untrained)


def test_a_model_worse_than_the_baseline_is_named() -> None:
    found = comparison(
        contender("a", nats=1, overlap=1, run=9, step_us=1),
        contender("b", nats=5, overlap=1, run=9, step_us=1),
    )
    assert "a is better and b is worse." in _words(found)
