"""The memory of a search: what it draws, ends early, takes up again, and tells."""

from __future__ import annotations

from pathlib import Path

import pytest

from magenta_bridge.errors import TrainingError
from magenta_bridge.lab.search.space import Categorical, Range
from magenta_bridge.lab.search.study import (
    FEWEST_FOR_IMPORTANCE,
    Attempt,
    SearchStudy,
    open_storage,
    space_text,
)

SPACE = (
    Range("units", 8, 512, 16, step=8),
    Range("rate", 1e-4, 1e-1, 1e-3),
    Categorical("window", (4, 8), 8),
)


def _open(folder: Path, families: tuple[str, ...] = ("lstm", "gru")) -> SearchStudy:
    return SearchStudy(open_storage(folder / "study.db"), "steps", families, SPACE, epochs=8)


def _next(study: SearchStudy) -> Attempt:
    return study.ask(study.last_number() + 1)


def _finish(study: SearchStudy, value: float, losses: tuple[float, ...] = (1.0, 0.9, 0.8)) -> None:
    attempt = _next(study)
    attempt.report(losses)
    study.finish(attempt, value, 50.0)


def test_every_family_begins_with_its_usual_values(tmp_path: Path) -> None:
    study = _open(tmp_path)
    begun = [_next(study) for _ in range(3)]
    assert {attempt.family for attempt in begun[:2]} == {"lstm", "gru"}
    usual = {"units": 16, "rate": 1e-3, "window": 8}
    assert [attempt.values == usual for attempt in begun] == [True, True, False]
    assert [attempt.number for attempt in begun] == [1, 2, 3]


def test_a_trial_that_was_cut_is_taken_up_with_the_same_values(tmp_path: Path) -> None:
    """It keeps its number, hides what it left, and hears of its earlier epochs once more."""
    study = _open(tmp_path)
    _finish(study, 0.7)
    _finish(study, 0.6)
    cut = _next(study)
    cut.report([1.0, 0.9])
    again = _open(tmp_path)
    assert [row.state for row in again.standings()] == ["finished", "finished", "stopped"]
    taken = _next(again)
    assert (taken.number, taken.family, taken.values) == (cut.number, cut.family, cut.values)
    taken.report([1.0, 0.9, 0.8])
    again.finish(taken, 0.5, 40.0)
    first = again.standings()[0]
    assert (first.trial, first.value, first.epochs, first.state) == (3, 0.5, 3, "finished")
    assert len(again.standings()) == 3


def test_a_cut_at_the_very_beginning_loses_no_usual_trial(tmp_path: Path) -> None:
    """Killed between being dealt out and being numbered, it is dealt out once more."""
    study = _open(tmp_path)
    study._study.ask()
    again = _open(tmp_path)
    assert {_next(again).family, _next(again).family} == {"lstm", "gru"}
    assert sorted(row.trial for row in again.standings()) == [1, 2]


def test_a_second_cut_before_it_was_taken_up_queues_it_once(tmp_path: Path) -> None:
    cut = _next(_open(tmp_path))
    _open(tmp_path)
    again = _open(tmp_path)
    numbers = [_next(again).number for _ in range(3)]
    assert numbers.count(cut.number) == 1


def test_a_trial_that_ends_the_process_each_time_is_given_up(tmp_path: Path) -> None:
    """Three times without an epoch, as when the memory does not suffice; the others go on."""
    for _ in range(3):
        assert _next(_open(tmp_path, ("lstm",))).number == 1
    study = _open(tmp_path, ("lstm",))
    (row,) = study.standings()
    assert (row.state, "stopped 3 times" in row.reason) == ("failed", True)
    assert _next(study).number == 2


def test_a_trial_that_falls_behind_is_not_worth_going_on_with(tmp_path: Path) -> None:
    """Not in its first epochs, and not before there are others to compare with."""
    study = _open(tmp_path)
    early = _next(study)
    assert not early.report([9.0, 9.0, 9.0])
    study.finish(early, 9.0, 1.0)
    for value in (0.5, 0.6, 0.7, 0.8):
        _finish(study, value)
    poor, good = _next(study), _next(study)
    assert not poor.report([5.0])
    assert poor.report([5.0, 4.9, 4.8])
    assert not good.report([1.0, 0.8, 0.7])
    study.prune(poor)
    row = next(row for row in study.standings() if row.trial == poor.number)
    assert (row.state, row.value, row.epochs) == ("pruned", 4.8, 3)


def test_the_best_stands_first_and_failures_last(tmp_path: Path) -> None:
    """A figure of 0 is a figure; a trial under way stands behind what is finished."""
    study = _open(tmp_path)
    failing = _next(study)
    study.fail(failing, "it ran away")
    _finish(study, 0.5)
    _finish(study, 0.0)
    _next(study).report([0.1])
    rows = study.standings()
    assert [row.state for row in rows] == ["finished", "finished", "running", "failed"]
    assert [row.value for row in rows[:3]] == [0.0, 0.5, 0.1]
    assert rows[0].microseconds == 50.0
    assert rows[-1].reason == "it ran away"
    study.leave()
    assert study.standings()[2].state == "stopped"


def test_a_resumed_search_draws_other_values(tmp_path: Path) -> None:
    """The draws of a second call are not those of the first call again."""
    seen = []
    for _ in range(4):
        study = _open(tmp_path, ("lstm",))
        attempt = _next(study)
        study.finish(attempt, 1.0, 1.0)
        seen.append(attempt.values["rate"])
    assert len(set(seen)) == 4


def test_what_matters_is_told_from_enough_trials_alone(tmp_path: Path) -> None:
    """Where the rate alone decides, its share is the largest."""
    study = _open(tmp_path, ("lstm",))
    for done in range(16):
        if done < FEWEST_FOR_IMPORTANCE:
            assert study.importance() == {}
        attempt = _next(study)
        study.finish(attempt, abs(attempt.values["rate"] - 0.01), 1.0)
    shares = study.importance()
    assert max(shares, key=shares.__getitem__) == "rate"
    assert sum(shares.values()) == pytest.approx(1.0)


def test_a_damaged_file_is_said_in_words(tmp_path: Path) -> None:
    (tmp_path / "study.db").write_bytes(b"not a database, but long enough to be one" * 40)
    with pytest.raises(TrainingError, match="damaged"):
        _open(tmp_path)


def test_a_folder_may_be_called_anything(tmp_path: Path) -> None:
    """What means something in an address means nothing in a folder's name."""
    folder = tmp_path / "my midi?x=1 50%41 #2 é"
    folder.mkdir()
    assert _next(_open(folder)).number == 1
    assert [path.name for path in folder.iterdir()] == ["study.db"]


def test_another_space_reads_otherwise() -> None:
    assert space_text(SPACE) == space_text(tuple(SPACE))
    assert space_text(SPACE) != space_text((*SPACE[:2], Categorical("window", (4, 8, 16), 8)))
