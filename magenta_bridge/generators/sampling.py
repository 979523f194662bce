"""Chooses ids under a grammar, in chunks: many steps per call if the program can."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from magenta_bridge.generators.generator import Interrupt
from magenta_bridge.generators.guard import Guard
from magenta_bridge.runtime.loop import MOST_STEPS, Automaton, LoopSession
from magenta_bridge.runtime.program import Session, StepProgram
from magenta_bridge.runtime.sampler import Sampler

# The first chunk is short for the sake of latency; later ones are long where a call has many
# steps.
FIRST_CHUNK_STEPS: Final = 16
LOOP_CHUNK_STEPS: Final = 48


class Grammar:
    """The ids allowed in a section of a number of steps, until it is full.

    Args:
        automaton: The rules.
        steps: Steps of the section.
        lengths: Steps that each id takes, ``(ids,)``; None for one each.

    Attributes:
        automaton: The rules.
    """

    def __init__(
        self, automaton: Automaton, steps: int, lengths: NDArray[np.int32] | None = None
    ) -> None:
        self.automaton = automaton
        self._left = steps
        self._lengths = lengths
        self._rule = automaton.first
        self._taken: list[int] = []

    @property
    def is_full(self) -> bool:
        """Whether all steps of the section are written."""
        return self._left <= 0

    @property
    def most(self) -> int:
        """Maximum number of ids until the section is full; a call's maximum if unknown."""
        return self._left if self._lengths is None else MOST_STEPS

    def mask(self) -> NDArray[np.bool_]:
        """Return the ids that the current rule allows, ``(ids,)``."""
        taken, self._taken = self._taken, []
        for value in taken:
            self._follow(value)
        allowed: NDArray[np.bool_] = self.automaton.allowed[self._rule]
        return allowed

    def add(self, value: int) -> None:
        """Advance by the id that was chosen."""
        self._follow(value)
        self._left -= 1 if self._lengths is None else int(self._lengths[value])

    def _follow(self, value: int) -> None:
        self._rule = int(self.automaton.following[self._rule, value])

    def take(self, ids: list[int]) -> list[int]:
        """Advance by ids chosen under the automaton; return those that fit into the section."""
        if self._lengths is None:
            self._left -= len(ids)
            fitting = ids
        else:
            ends = np.cumsum(self._lengths[ids])
            fitting = ids[: int(np.searchsorted(ends, self._left)) + 1]
            self._left -= int(ends[len(fitting) - 1])
        self._taken.extend(fitting)
        return fitting


@dataclass(frozen=True)
class Choice:
    """How the ids of one request are chosen.

    Attributes:
        inputs: Ids before the first choice: a start id, then the primer, ``(steps,)``.
        grammar: The ids allowed, and when the section is full.
        sampler: The sampler.
        guard: Keeps the music from falling silent or repeating itself.
        bias: Added to the logits, ``(event_ids,)``; None for nothing.
    """

    inputs: NDArray[np.int32]
    grammar: Grammar
    sampler: Sampler
    guard: Guard
    bias: NDArray[np.float32] | None = None


def choose_chunks(
    program: StepProgram, choice: Choice, interrupt: Interrupt
) -> Iterator[list[int]]:
    """Choose ids until the section is full.

    Both kinds of programs choose the same ids, except where float32 rounding decides. A program
    with many steps per call goes on in single steps where only those can: at low temperatures,
    and from the first id on that the guard refuses.

    Args:
        program: Computes the logits.
        choice: How ids are chosen; its grammar has advanced by each chunk that is returned.
        interrupt: Called before each chunk of work; raises to stop it.

    Yields:
        The next ids: at most ``FIRST_CHUNK_STEPS``, later at most ``LOOP_CHUNK_STEPS``.
    """
    state, ids = None, choice.inputs.tolist()
    if program.loops:
        loop = program.loop_session()
        try:
            state, ids = yield from _many_per_call(program, loop, choice, interrupt)
        finally:
            program.release_loop(loop)
    if not choice.grammar.is_full:
        session = program.session()
        try:
            if state is not None:
                session.resume(state)
            yield from _one_per_call(session, ids, choice, interrupt)
        finally:
            program.release(session)


def prepare_session(program: StepProgram) -> int:
    """Prepare the first session; return the number of ids it chooses from."""
    if program.loops:
        loop = program.loop_session()
        program.release_loop(loop)
        return loop.logit_count
    session = program.session()
    program.release(session)
    return session.logit_count


def _many_per_call(
    program: StepProgram, loop: LoopSession, choice: Choice, interrupt: Interrupt
) -> Generator[list[int], None, tuple[Mapping[str, NDArray[Any]] | None, list[int]]]:
    """Yield ids until single steps have to go on.

    Returns:
        The state from which they go on, None for the initial one, and the ids that follow it.
    """
    inputs, grammar, guard = choice.inputs, choice.grammar, choice.guard
    state = program.feed(loop, inputs, interrupt)
    pending = [int(inputs[-1])]
    if choice.sampler.options.keeps_kinds:
        return state, pending
    loop.follow(grammar.automaton, choice.sampler, choice.bias)
    most = FIRST_CHUNK_STEPS
    while not grammar.is_full:
        interrupt()
        chosen = loop.choose(min(most, grammar.most))
        kept = _kept(guard, chosen)
        most = LOOP_CHUNK_STEPS
        if kept == len(chosen):
            yield grammar.take(chosen)
            state, pending = loop.state, chosen[-1:]
            continue
        choice.sampler.give_back(loop.draws[kept : len(chosen)])
        if kept:
            # The section may be full before the id that was refused.
            pending += grammar.take(chosen[:kept])
            yield pending[1:]
        break
    return state, pending


def _kept(guard: Guard, chosen: Sequence[int]) -> int:
    """Advance a guard by chosen ids; return the number of those before the first refused one."""
    for index, value in enumerate(chosen):
        if not guard.allows(value):
            return index
        guard.add(value)
    return len(chosen)


def _one_per_call(
    session: Session, ids: Sequence[int], choice: Choice, interrupt: Interrupt
) -> Iterator[list[int]]:
    grammar = choice.grammar
    for index, value in enumerate(ids[:-1]):
        if index % FIRST_CHUNK_STEPS == 0:
            interrupt()
        session.step(value)
    latest = ids[-1]
    while not grammar.is_full:
        interrupt()
        chunk: list[int] = []
        while len(chunk) < FIRST_CHUNK_STEPS and not grammar.is_full:
            latest = _choose(session.step(latest), choice)
            grammar.add(latest)
            choice.guard.add(latest)
            chunk.append(latest)
        yield chunk


def _choose(logits: NDArray[np.float32], choice: Choice) -> int:
    """Return the next id; one that the guard refuses is chosen again with the same numbers."""
    allowed, sampler = choice.grammar.mask(), choice.sampler
    if choice.bias is not None:
        logits = logits + choice.bias
    draws = sampler.draws(1)
    sampler.give_back(draws)
    value = sampler.choose(logits, allowed)
    if choice.guard.allows(value):
        return value
    sampler.give_back(draws)
    return sampler.choose(logits, choice.guard.within(allowed))
