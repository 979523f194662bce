"""The clock of programs: a program with more to do takes longer, however busy the machine."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from magenta_bridge.evaluation.latency import bar_microseconds, clock, step_microseconds
from magenta_bridge.runtime.bar_program import BarProgram
from magenta_bridge.runtime.loop import LoopSession
from magenta_bridge.runtime.program import Session, StepProgram
from tests.runtime.programs import a_program, bar_programs, shipped_programs, without_loop


class _DoubledSession(Session):
    """Computes every step twice."""

    def step(self, value: int) -> NDArray[np.float32]:
        """Feed an id two times."""
        super().step(value)
        return super().step(value)


class _DoubledLoop(LoopSession):
    """Makes every call twice."""

    def choose(self, count: int) -> list[int]:
        """Choose two times as many ids."""
        super().choose(count)
        return super().choose(count)


class _DoubledProgram(StepProgram):
    def session(self) -> Session:
        """Return a session of double work."""
        return _DoubledSession(self.flatbuffer, subgraph=self._subgraphs.get("step", 0))

    def loop_session(self) -> LoopSession:
        """Return a session of double work."""
        return _DoubledLoop(self.flatbuffer, subgraph=self._subgraphs["loop"])


PROGRAMS = pytest.mark.parametrize("flatbuffer", [a_program(), without_loop(a_program())])


@PROGRAMS
def test_double_work_takes_about_double_the_time(flatbuffer: bytes) -> None:
    """Measured in turn, so that other work on the machine falls on both."""
    plain, doubled = StepProgram(flatbuffer), _DoubledProgram(flatbuffer)
    pairs = [(step_microseconds(plain), step_microseconds(doubled)) for _ in range(5)]
    ratio = sorted(double / single for single, double in pairs)[2]
    assert 1.4 < ratio < 2.8


def test_a_step_is_timed_whole_and_in_microseconds() -> None:
    """The steps of a long run take as long as computed, except for the machine's other work."""
    program = StepProgram(shipped_programs()["lstm_polyphony"])
    session = program.session()
    ratios = []
    for _ in range(5):
        likelihood = step_microseconds(program)
        began = clock()
        for _ in range(512):
            session.step(0)
        ratios.append((clock() - began) * 1e6 / 512 / likelihood)
    assert 0.5 < sorted(ratios)[2] < 2.0


@PROGRAMS
def test_the_session_is_given_back(flatbuffer: bytes) -> None:
    """The next caller gets the warm session, in its first state."""
    program = StepProgram(flatbuffer)
    step_microseconds(program)
    if program.loops:
        assert program.loop_session() is not program.loop_session()
        return
    used = program.session()
    assert program.session() is not used
    np.testing.assert_array_equal(used.step(0), program.session().step(0))


def test_bars_are_timed_by_the_step() -> None:
    """A bar has sixteen steps."""
    program = BarProgram(next(iter(bar_programs().values())))
    previous = np.zeros(program.history, dtype=np.int32)
    noise = np.zeros(program.noise_units, dtype=np.float32)
    ratios = []
    for _ in range(5):
        likelihood = bar_microseconds(program)
        began = clock()
        for _ in range(8):
            program.bar(previous, noise, 0)
        ratios.append((clock() - began) * 1e6 / 8 / 16 / likelihood)
    assert 0.5 < sorted(ratios)[2] < 2.0
