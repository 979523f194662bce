"""Included programs: sessions are independent, on any thread."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from numpy.typing import NDArray

from magenta_bridge.runtime.program import Session, StepProgram
from tests.runtime.programs import shipped_programs

PROGRAMS = shipped_programs()
IDS = [0, *range(40, 104, 3), 1, 0]


@pytest.fixture(scope="module", params=sorted(PROGRAMS))
def program(request: pytest.FixtureRequest) -> StepProgram:
    """Each included program."""
    return StepProgram(PROGRAMS[request.param])


def run(session: Session) -> NDArray[np.float32]:
    """Return the logits along ``IDS``, ``(steps, ids)``."""
    return np.array([session.step(value) for value in IDS])


def test_logits_are_finite_and_have_the_stated_shape(program: StepProgram) -> None:
    session = program.session()
    logits = run(session)
    assert logits.shape == (len(IDS), session.logit_count)
    assert np.isfinite(logits).all()


def test_a_program_has_metadata(program: StepProgram) -> None:
    assert {"family", "encoding", "capabilities", "split"} <= set(program.description)


def test_logits_depend_on_previous_ids(program: StepProgram) -> None:
    """The same id has other logits after other ids."""
    session = program.session()
    first, later = session.step(IDS[1]), run(session)
    assert np.abs(first - later[1]).max() > 1e-3


def test_a_reset_restores_the_initial_state(program: StepProgram) -> None:
    session = program.session()
    first = run(session)
    session.reset()
    assert np.array_equal(run(session), first)


def test_a_released_session_is_reset(program: StepProgram) -> None:
    session = program.session()
    first = run(session)
    program.release(session)
    again = program.session()
    assert again is session
    assert np.array_equal(run(again), first)


def test_concurrent_sessions_are_independent(program: StepProgram) -> None:
    here, there = program.session(), program.session()
    expected = run(program.session())
    found = []
    for value in IDS:
        found.append(here.step(value))
        there.step((value * 7 + 3) % 130)
    assert np.array_equal(found, expected)


def test_returned_logits_do_not_change(program: StepProgram) -> None:
    """They are a copy, not a view of memory that the next step overwrites."""
    session = program.session()
    first = session.step(IDS[0])
    kept = first.copy()
    run(session)
    assert np.array_equal(first, kept)


def test_two_threads_compute_the_same_as_one(program: StepProgram) -> None:
    expected = run(program.session())

    def stream(_: int) -> NDArray[np.float32]:
        session = program.session()
        logits = run(session)
        program.release(session)
        return logits

    with ThreadPoolExecutor(2) as threads:
        for found in threads.map(stream, range(16)):
            assert np.array_equal(found, expected)
