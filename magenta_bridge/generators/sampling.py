"""Chooses ids under a grammar, a chunk at a time: many steps a call where the program can."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from magenta_bridge.generators.generator import Interrupt
from magenta_bridge.runtime.loop import MOST_STEPS, Automaton, LoopSession
from magenta_bridge.runtime.program import Session, StepProgram
from magenta_bridge.runtime.sampler import Sampler

# The first notes are to come soon; later chunks are worth being larger where a call is many steps.
FIRST_CHUNK_STEPS: Final = 16
LOOP_CHUNK_STEPS: Final = 48


class Grammar:
    """Which ids may come in a section of so many steps, until it is full.

    Args:
        automaton: What may come after what.
        steps: Steps of the section.
        lengths: How many steps go by with each id, ``(ids,)``; None for one with each.

    Attributes:
        automaton: What may come after what.
    """

    def __init__(
        self, automaton: Automaton, steps: int, lengths: NDArray[np.int32] | None = None
    ) -> None:
        self.automaton = automaton
        self._left = steps
        self._lengths = lengths
        self._rule = automaton.first

    @property
    def is_full(self) -> bool:
        """Tells whether all steps are written."""
        return self._left <= 0

    @property
    def most(self) -> int:
        """How many ids can come at most before it is full, if that can be told; else many."""
        return self._left if self._lengths is None else MOST_STEPS

    def mask(self) -> NDArray[np.bool_]:
        """Returns what the rule in force allows, ``(ids,)``."""
        allowed: NDArray[np.bool_] = self.automaton.allowed[self._rule]
        return allowed

    def add(self, value: int) -> None:
        """Takes the id that was chosen."""
        self._rule = int(self.automaton.following[self._rule, value])
        self._left -= 1 if self._lengths is None else int(self._lengths[value])

    def take(self, ids: list[int]) -> list[int]:
        """Takes ids that were chosen under the automaton; returns those that were wanted."""
        if self._lengths is None:
            self._left -= len(ids)
            return ids
        gone_by = np.cumsum(self._lengths[ids])
        wanted = ids[: int(np.searchsorted(gone_by, self._left)) + 1]
        self._left -= int(gone_by[len(wanted) - 1])
        return wanted


@dataclass(frozen=True)
class Choice:
    """How the ids of one request are chosen.

    Attributes:
        fed: Ids that are heard before the first choice, from a start id on, ``(steps,)``.
        grammar: Which ids may come, and when the section is full.
        sampler: Who chooses.
        bias: Added to the logits before the choice, ``(event_ids,)``; None for nothing.
    """

    fed: NDArray[np.int32]
    grammar: Grammar
    sampler: Sampler
    bias: NDArray[np.float32] | None = None


def choose_chunks(
    program: StepProgram, choice: Choice, interrupt: Interrupt
) -> Iterator[list[int]]:
    """Chooses ids until the section is full.

    The ids are the same whichever way they are chosen, but for choices so close that the
    rounding of float32 decides.

    Args:
        program: What foretells them.
        choice: How; its grammar has taken each chunk when that is handed out.
        interrupt: Called before each chunk of work; raises to stop it.

    Yields:
        The next ids, at most ``FIRST_CHUNK_STEPS`` at first, later at most ``LOOP_CHUNK_STEPS``.
    """
    if program.loops:
        loop = program.loop_session()
        try:
            yield from _many_a_call(loop, choice, choice.grammar, interrupt)
        finally:
            program.release_loop(loop)
    else:
        session = program.session()
        try:
            yield from _one_by_one(session, choice, interrupt)
        finally:
            program.release(session)


def warm_up(program: StepProgram) -> int:
    """Makes the first session ready and returns how many ids it chooses among."""
    if program.loops:
        loop = program.loop_session()
        program.release_loop(loop)
        return loop.logit_count
    session = program.session()
    program.release(session)
    return session.logit_count


def _many_a_call(
    loop: LoopSession, choice: Choice, grammar: Grammar, interrupt: Interrupt
) -> Iterator[list[int]]:
    loop.begin(int(choice.fed[0]))
    for first in range(1, len(choice.fed), MOST_STEPS):
        interrupt()
        loop.feed(choice.fed[first : first + MOST_STEPS])
    loop.follow(grammar.automaton, choice.sampler, choice.bias)
    most = FIRST_CHUNK_STEPS
    while not grammar.is_full:
        interrupt()
        chosen = loop.choose(min(most, grammar.most))
        most = LOOP_CHUNK_STEPS
        yield grammar.take(chosen)


def _one_by_one(session: Session, choice: Choice, interrupt: Interrupt) -> Iterator[list[int]]:
    ids, grammar, bias = choice.fed.tolist(), choice.grammar, choice.bias
    for index, value in enumerate(ids[:-1]):
        if index % FIRST_CHUNK_STEPS == 0:
            interrupt()
        session.step(value)
    latest = ids[-1]
    while not grammar.is_full:
        interrupt()
        chunk: list[int] = []
        while len(chunk) < FIRST_CHUNK_STEPS and not grammar.is_full:
            logits = session.step(latest)
            allowed = grammar.mask()
            latest = choice.sampler.choose(logits if bias is None else logits + bias, allowed)
            grammar.add(latest)
            chunk.append(latest)
        yield chunk
