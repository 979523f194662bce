"""Included bar programs: a function of noise and previous bars, on any thread."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from numpy.typing import NDArray

from magenta_bridge.errors import BundleError
from magenta_bridge.runtime.bar_program import BarProgram
from tests.runtime.programs import a_program, bar_programs, with_output, with_signature

PROGRAMS = bar_programs()


@pytest.fixture(scope="module", params=sorted(PROGRAMS))
def program(request: pytest.FixtureRequest) -> BarProgram:
    """Each included bar program."""
    return BarProgram(PROGRAMS[request.param])


def make(program: BarProgram, seed: int, meter: int = 0) -> NDArray[np.float32]:
    """Generate a bar from random noise and random previous bars."""
    rng = np.random.default_rng(seed)
    previous = rng.integers(0, 42, program.history, dtype=np.int32)
    return program.bar(previous, rng.standard_normal(program.noise_units, np.float32), meter)


def test_a_bar_program_is_included() -> None:
    assert PROGRAMS


def test_scores_are_finite_for_every_track_and_step(program: BarProgram) -> None:
    scores = make(program, 1)
    _, tracks, steps = program.history
    assert scores.shape == (tracks, steps, program.noise_units // (tracks * steps))
    assert np.isfinite(scores).all()


def test_the_same_noise_gives_the_same_bar(program: BarProgram) -> None:
    assert np.array_equal(make(program, 1), make(program, 1))


@pytest.mark.parametrize("changed", ["noise", "previous", "meter"])
def test_the_bar_depends_on_every_input(program: BarProgram, changed: str) -> None:
    rng = np.random.default_rng(3)
    previous = rng.integers(0, 42, program.history, dtype=np.int32)
    noise = rng.standard_normal(program.noise_units, np.float32)
    one = program.bar(previous, noise, 0)
    other = program.bar(
        previous[::-1] if changed == "previous" else previous,
        noise[::-1] if changed == "noise" else noise,
        1 if changed == "meter" else 0,
    )
    assert np.abs(one - other).max() > 1e-3


def test_returned_bars_do_not_change(program: BarProgram) -> None:
    first = make(program, 1)
    kept = first.copy()
    make(program, 2)
    assert np.array_equal(first, kept)


def test_two_threads_compute_the_same_as_one(program: BarProgram) -> None:
    expected = [make(program, seed) for seed in range(8)]
    with ThreadPoolExecutor(2) as threads:
        found = list(threads.map(lambda seed: make(program, seed), range(8)))
    assert all(np.array_equal(one, other) for one, other in zip(expected, found, strict=True))


def test_a_program_that_generates_no_bars_is_rejected() -> None:
    for wrong in (
        a_program(),
        with_signature(next(iter(PROGRAMS.values())), "step"),
        with_output(next(iter(PROGRAMS.values())), "scores", "other"),
    ):
        with pytest.raises(BundleError, match="generates no bars"):
            BarProgram(wrong)
