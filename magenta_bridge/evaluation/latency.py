"""Time per step of an exported program, one stream on one thread."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from typing import Final

import numpy as np

from magenta_bridge.encodings.bars import STEPS
from magenta_bridge.runtime.bar_program import BarProgram
from magenta_bridge.runtime.loop import Automaton
from magenta_bridge.runtime.program import StepProgram
from magenta_bridge.runtime.sampler import Sampler, SamplerOptions

_RUNS: Final = 7
_STEPS: Final = 256
_CHUNK_STEPS: Final = 32
_BARS: Final = 8
# LiteRT computes on the calling thread. Windows counts a thread's time in pieces of 16 ms.
clock: Final = time.perf_counter if sys.platform == "win32" else time.thread_time


def step_microseconds(program: StepProgram) -> float:
    """Return the CPU time per step, in microseconds.

    The median over several runs of a warm session with its state, 32 steps per call if the
    program supports it. Sampling counts only if the program does it. Compare only programs that
    were measured side by side.
    """
    return _looped_microseconds(program) if program.loops else _stepped_microseconds(program)


def _looped_microseconds(program: StepProgram) -> float:
    loop = program.loop_session()
    anything = np.ones((1, loop.logit_count), dtype=np.bool_)
    loop.begin(loop.logit_count)
    loop.follow(
        Automaton(anything, np.zeros(anything.shape, dtype=np.int32)), Sampler(SamplerOptions(), 0)
    )

    def run() -> None:
        for _ in range(_STEPS // _CHUNK_STEPS):
            loop.choose(_CHUNK_STEPS)

    try:
        return _median_seconds(run) / _STEPS * 1e6
    finally:
        program.release_loop(loop)


def _stepped_microseconds(program: StepProgram) -> float:
    session = program.session()

    def run() -> None:
        session.reset()
        for _ in range(_STEPS):
            session.step(0)

    try:
        return _median_seconds(run) / _STEPS * 1e6
    finally:
        program.release(session)


def bar_microseconds(program: BarProgram) -> float:
    """Return the CPU time per step of a bar program, in microseconds: that of a bar over 16."""
    previous = np.zeros(program.history, dtype=np.int32)
    noise = np.zeros(program.noise_units, dtype=np.float32)

    def run() -> None:
        for _ in range(_BARS):
            program.bar(previous, noise, 0)

    return _median_seconds(run) / (_BARS * STEPS) * 1e6


def _median_seconds(run: Callable[[], None]) -> float:
    run()  # the first is not warm
    taken = []
    for _ in range(_RUNS):
        began = clock()
        run()
        taken.append(clock() - began)
    return statistics.median(taken)
