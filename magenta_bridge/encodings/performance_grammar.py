"""Which performance events may follow which, so that music is written in one way only."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from magenta_bridge.encodings.performance import (
    EVENT_IDS,
    LONGEST_SHIFT,
    NOTE_OFF,
    PITCHES,
    TIME_SHIFT,
    VELOCITY,
    shift_steps,
)

# Two hands and an arpeggio under the pedal strike less; it keeps time going by.
MOST_AT_ONCE: Final = 20
# 99.8 percent of a pianist's notes are shorter, pedal included; a model may forget to end one.
LONGEST_NOTE_STEPS: Final = 800


class PerformanceGrammar:
    """Follows a stream of events and computes which may come next.

    Allowed is what ``encode`` writes: only sounding pitches end and only silent ones begin; at
    one instant first the ends by rising pitch, then the beginnings by rising pitch; a velocity
    is another than before and a note follows it, and the first note has one; after a time shift
    of less than a second another event follows. Besides, at most ``MOST_AT_ONCE`` notes begin
    at one instant, so that time goes by, and a note that has sounded for eight seconds ends
    before anything else happens. There is always an event that is allowed.

    Args:
        pitches: Which pitches may begin, ``(128,)``; all by default. One at least is True.
    """

    def __init__(self, pitches: NDArray[np.bool_] | None = None) -> None:
        self._pitches = np.ones(PITCHES, dtype=np.bool_) if pitches is None else pitches
        self._begun = np.full(PITCHES, -1, dtype=np.int64)
        self._step = 0
        self._loudness: int | None = None
        self._last = -1
        self._new_instant()

    @property
    def step(self) -> int:
        """Steps that have gone by."""
        return self._step

    def _new_instant(self) -> None:
        self._lowest_end = 0
        self._lowest_begin = 0
        self._strikes = 0

    def mask(self) -> NDArray[np.bool_]:
        """Returns which ids may come next: ``(EVENT_IDS,)``, True where allowed."""
        allowed = np.zeros(EVENT_IDS, dtype=np.bool_)
        begins = self._may_begin()
        if self._last >= VELOCITY:
            allowed[:NOTE_OFF] = begins
            return allowed
        sounding = self._begun >= 0
        if self._strikes == 0:
            allowed[NOTE_OFF + self._lowest_end : TIME_SHIFT] = sounding[self._lowest_end :]
            overdue = np.flatnonzero(sounding & (self._begun <= self._step - LONGEST_NOTE_STEPS))
            if len(overdue):
                allowed[NOTE_OFF + int(overdue[0]) + 1 :] = False
                return allowed
        if self._loudness is not None:
            allowed[:NOTE_OFF] = begins
        if begins.any():
            allowed[VELOCITY:] = True
            if self._loudness is not None:
                allowed[VELOCITY + self._loudness] = False
        allowed[TIME_SHIFT:VELOCITY] = shift_steps(self._last) in (0, LONGEST_SHIFT)
        return allowed

    def _may_begin(self) -> NDArray[np.bool_]:
        begins = self._pitches & (self._begun < 0)
        begins[: self._lowest_begin] = False
        if self._strikes >= MOST_AT_ONCE:
            begins[:] = False
        return begins

    def add(self, value: int) -> None:
        """Takes the next event, 0..``EVENT_IDS - 1``."""
        self._last = value
        if value < NOTE_OFF:
            self._begun[value] = self._step
            self._lowest_begin = value + 1
            self._strikes += 1
        elif value < TIME_SHIFT:
            self._begun[value - NOTE_OFF] = -1
            self._lowest_end = value - NOTE_OFF + 1
        elif value < VELOCITY:
            self._step += shift_steps(value)
            self._new_instant()
        else:
            self._loudness = value - VELOCITY
