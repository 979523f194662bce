"""The summary says what the figures say, and no more."""

from __future__ import annotations

from dataclasses import replace

from magenta_bridge.evaluation.report.blocks import Points, Text
from magenta_bridge.evaluation.report.comparison import Comparison
from magenta_bridge.evaluation.report.summary import summary_section
from tests.evaluation.report.example import comparison, contender


def _words(found: Comparison) -> str:
    lines: list[str] = []
    for block in summary_section(found).blocks:
        lines += [block.words] if isinstance(block, Text) else []
        lines += block.lines if isinstance(block, Points) else []
    return "\n".join(lines)


def test_who_is_best_is_told_with_the_difference() -> None:
    """A nat is 1.44 bits; half a nat more is 0.72 bits."""
    words = _words(comparison())
    assert "alpha foretells best: each note of an unheard piece takes it 1.44 bits" in words
    assert "beta takes 0.72 (0.72 to 0.72) more (beyond chance)" in words
    assert "takes 4.33 bits: alpha and beta do better." in words
    assert "The music of alpha lies nearest to human music: it shares 80%" in words
    assert "where other human pieces share 90%" in words
    assert "beta is fastest: 35.0 millionths of a second a step; alpha takes 2.00 times" in words


def test_who_copies_is_told_beside_people() -> None:
    assert "beta shares the longest runs" in _words(comparison())
    assert "30 notes in its usual sample, where held-out human pieces share 10" in _words(
        comparison()
    )
    assert "so it copies." in _words(comparison())
    modest = comparison(
        contender("a", nats=1, overlap=1, run=12, step_us=1),
        contender("b", nats=2, overlap=1, run=9, step_us=1),
    )
    assert "nobody here copies more than people quote each other" in _words(modest)
    strangers = [replace(each, trained_on=False) for each in comparison().models]
    assert "none of it is copied" in _words(comparison(*strangers))


def test_a_difference_within_chance_is_no_victory() -> None:
    one = contender("a", nats=1, overlap=1, run=9, step_us=1)
    same = replace(one, name="b")
    words = _words(comparison(one, same))
    assert "a comes first at foretelling, but not surely" in words
    assert "b takes 0.00 (0.00 to 0.00) more (within chance)" in words
    assert "a and b are equally fast" in words


def test_few_pieces_are_owned_up_to() -> None:
    found = comparison()
    few = replace(found, data=replace(found.data, scored=3))
    assert "rests on 3 melodies held out" in _words(few)
    assert "take the differences below as hints" in _words(few)
    assert "too few pieces to tell from chance" in _words(few)
    assert "hints" not in _words(found)
    assert "on 1 melody held out" in _words(replace(found, data=replace(found.data, scored=1)))


def test_who_heard_the_music_is_told() -> None:
    one, other = comparison().models
    mixed = comparison(one, replace(other, trained_on=None))
    assert "alpha learned from the rest of this music" in _words(mixed)
    assert "beta does not tell whether it learned" in _words(mixed)
    strangers = comparison(replace(one, trained_on=False), replace(other, trained_on=False))
    assert "None of these models ever heard this music" in _words(strangers)


def test_a_model_below_counting_is_told() -> None:
    found = comparison(
        contender("a", nats=1, overlap=1, run=9, step_us=1),
        contender("b", nats=5, overlap=1, run=9, step_us=1),
    )
    assert "a does better and b does worse." in _words(found)
