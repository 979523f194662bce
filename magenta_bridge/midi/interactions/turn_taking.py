"""Whose turn it is: decided at each tick from what has been heard. No thread, no clock."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import ClassVar

from magenta_bridge.noteseq import NoteSequence


class InteractionState:
    """States, as the values of a controller.

    Attributes:
        IDLE: Nobody plays.
        LISTENING: The musician plays.
        RESPONDING: The generator plays.
    """

    IDLE = 0
    LISTENING = 1
    RESPONDING = 2

    _NAMES: ClassVar = {IDLE: "Idle", LISTENING: "Listening", RESPONDING: "Responding"}

    @classmethod
    def to_string(cls, state: int) -> str:
        """Returns the name of a state."""
        return cls._NAMES[state]


class TurnResult(enum.Enum):
    """What a tick means."""

    IDLE = "nothing has been played"
    LISTENING = "the call goes on"
    TOO_SHORT = "the call is over and too short to answer"
    RESPOND = "the call is over"


@dataclass(frozen=True)
class Rules:
    """When a call ends.

    Attributes:
        end_call: Whether the musician has asked for the response.
        minimum: Shortest call that is answered, in ticks.
        maximum: Length at which a call is answered while it goes on, in ticks.
    """

    end_call: bool = False
    minimum: float = 0
    maximum: float = float("inf")


@dataclass(frozen=True)
class TurnDecision:
    """What a tick means, and what is known about the tick.

    Attributes:
        verdict: The meaning.
        silent: Whether nothing sounded since the tick before.
        ticks: Ticks of the call with something in them, this one included.
    """

    verdict: TurnResult
    silent: bool
    ticks: int


class Capturing:
    """Counts the ticks of a call.

    Args:
        start: When listening begins, in seconds.
    """

    def __init__(self, start: float) -> None:
        self.last_tick = start
        self._ticks = 0

    def judge(self, captured: NoteSequence, rules: Rules) -> TurnDecision:
        """Says what a tick at the end of ``captured`` would mean; nothing is counted yet."""
        last_end = max((note.end_time for note in captured.notes), default=0.0)
        silent = last_end <= self.last_tick
        ticks = self._ticks + (not silent)
        if not captured.notes:
            verdict = TurnResult.IDLE
        elif not (rules.end_call or silent or ticks >= rules.maximum):
            verdict = TurnResult.LISTENING
        elif ticks < rules.minimum:
            verdict = TurnResult.TOO_SHORT
        else:
            verdict = TurnResult.RESPOND
        return TurnDecision(verdict, silent, ticks)

    def pass_tick(self, judgment: TurnDecision, tick: float) -> None:
        """Counts a tick that has come."""
        self._ticks = judgment.ticks if judgment.verdict is TurnResult.LISTENING else 0
        self.last_tick = tick
