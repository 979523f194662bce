"""Settings of one tune are found, and never stand on two sides of the split."""

from __future__ import annotations

import dataclasses
from collections import Counter

import numpy as np
import pytest
from numpy.typing import NDArray

from magenta_bridge.data.dataset import Tune
from magenta_bridge.data.splits import Split, split_by_family, tune_families
from magenta_bridge.encodings import melody
from tests.data.pieces import draw_tune


def split(tunes: list[Tune], seed: int = 7) -> Split:
    """Deals tunes, a fifth of the families to each smaller side."""
    return split_by_family(tunes, validation_share=0.2, test_share=0.2, seed=seed)


def names(sides: Split) -> list[list[str]]:
    """Return the names on each side."""
    return [[t.name for t in side] for side in (sides.train, sides.validation, sides.test)]


def with_ids(tune: Tune, ids: NDArray[np.int32]) -> Tune:
    """Return a tune with another melody."""
    return dataclasses.replace(tune, ids=ids, pitches=ids[ids >= 2] - 2)


def settings_of_many() -> list[Tune]:
    """Sixty tunes; each is followed by a setting in another key, under another name."""
    tunes = []
    for seed in range(60):
        tune = draw_tune(seed)
        ids = melody.transpose_ids(tune.ids, 1 + seed % 5)
        again = Tune(f"other/{seed:03}.mid#0", "x" * (4 + seed), tune.meter, ids, ids[ids >= 2] - 2)
        tunes += [tune, again]
    return tunes


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("The Merry Widow", "Merry Widow (reel), the"),
        ("Miss McLeod's", "MISS MCLEODS REEL"),
    ],
)
def test_same_title_is_one_family(one: str, other: str) -> None:
    """Articles, dance names, case and punctuation do not count."""
    tunes = [dataclasses.replace(draw_tune(seed), title=t) for seed, t in enumerate((one, other))]
    assert len(set(tune_families(tunes))) == 1


def test_titles_that_say_nothing_join_nothing() -> None:
    """Two reels called Reel, or without a title, are two tunes."""
    for title in ("The Reel", "", "No. 2"):
        tunes = [dataclasses.replace(draw_tune(seed), title=title) for seed in range(2)]
        assert len(set(tune_families(tunes))) == 2


@pytest.mark.parametrize("count", [3, 12, 200])
def test_titles_of_many_pieces_join_nothing(count: int) -> None:
    """A folder of files whose tracks are all called Piano holds as many tunes as files."""
    tunes = [dataclasses.replace(draw_tune(seed), title="Piano") for seed in range(count)]
    assert len(set(tune_families(tunes))) == count


def test_shared_melody_in_another_key_is_one_family() -> None:
    """Fourteen intervals in common tell, wherever they stand and in whatever key."""
    tune, other = draw_tune(1), draw_tune(2)
    moved = melody.transpose_ids(tune.ids, 5)
    mixed = with_ids(other, np.concatenate([other.ids[:32], moved[:32]]))
    assert len(set(tune_families([tune, other]))) == 2
    assert len(set(tune_families([tune, mixed]))) == 1


def test_stretches_of_one_piece_are_one_family() -> None:
    """What follows a shifted bar line belongs to the same tune."""
    first = draw_tune(1)
    second = dataclasses.replace(draw_tune(2), name=first.name.replace("#0", "#1"))
    assert len(set(tune_families([first, second]))) == 1


def test_families_join_through_a_third() -> None:
    """A title joins one pair, a melody the other: all three are one family."""
    middle, last = draw_tune(2), draw_tune(3)
    first = dataclasses.replace(draw_tune(1), title="The Merry Widow")
    middle = dataclasses.replace(middle, title=first.title)
    last = with_ids(last, melody.transpose_ids(middle.ids, 2))
    assert len(set(tune_families([last, first, middle]))) == 1


def test_no_family_stands_on_two_sides() -> None:
    """Both settings of each tune are split together, and every tune once."""
    tunes = settings_of_many()
    sides = names(split(tunes))
    numbers = [{name.partition("/")[2] for name in side} for side in sides]
    assert not numbers[0] & numbers[1]
    assert not numbers[0] & numbers[2]
    assert not numbers[1] & numbers[2]
    counts = Counter(name for side in sides for name in side)
    assert counts == Counter(tune.name for tune in tunes)
    assert all(sides)


def test_split_depends_on_seed_and_names_alone() -> None:
    """The same seed deals the same way, also with the tunes in another order."""
    tunes = settings_of_many()
    assert names(split(tunes)) == names(split(tunes))
    assert [sorted(side) for side in names(split(tunes[::-1]))] == [
        sorted(side) for side in names(split(tunes))
    ]
    assert names(split(tunes, seed=8)) != names(split(tunes))


def test_sprawling_family_is_trained_on() -> None:
    """A family of twenty is common property of the style, whatever its lot."""
    shared = draw_tune(0).ids[:32]
    tunes = [draw_tune(seed) for seed in range(20)]
    tunes = [with_ids(tune, np.concatenate([shared, tune.ids[32:]])) for tune in tunes]
    for seed in range(20):
        assert len(split(tunes, seed).train) == 20
