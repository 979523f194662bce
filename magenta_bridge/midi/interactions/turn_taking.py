"""Decides at each tick whether a call continues or is answered. No thread, no clock."""

from __future__ import annotations

import enum
import math
from dataclasses import dataclass
from typing import Any, Final

from magenta_bridge.noteseq import NoteSequence

# In a duet, the generator continues for this many silent ticks.
_DUET_SILENT_TICKS: Final = 2


class InteractionState(enum.IntEnum):
    """States, as controller values.

    Attributes:
        IDLE: Neither side plays.
        LISTENING: The musician plays.
        RESPONDING: The generator plays.
    """

    IDLE = 0
    LISTENING = 1
    RESPONDING = 2

    @classmethod
    def to_string(cls, state: int) -> str:
        """Return the name of a state."""
        return cls(state).name.capitalize()


class TurnResult(enum.Enum):
    """The result of a tick."""

    IDLE = "no notes were played"
    LISTENING = "the call continues"
    TOO_SHORT = "the call has ended and is too short to answer"
    RESPOND = "the call has ended"


@dataclass(frozen=True)
class TurnDecision:
    """The result of a tick and its basis.

    Attributes:
        result: The result.
        silent: Whether no note sounded since the previous tick.
        ticks: Number of ticks of the call with notes, including this one.
    """

    result: TurnResult
    silent: bool
    ticks: int


class CallTracker:
    """Counts the ticks of a call.

    Args:
        start: When the capture starts, in seconds.
    """

    def __init__(self, start: float) -> None:
        self.last_tick = start
        self._ticks = 0

    def decide(
        self,
        captured: NoteSequence,
        *,
        end_call: bool = False,
        minimum: float = 0,
        maximum: float = math.inf,
    ) -> TurnDecision:
        """Return the decision for a tick at the end of ``captured``, without counting the tick.

        Args:
            captured: The notes of the call.
            end_call: Whether the musician has ended the call with a signal.
            minimum: Minimum length of a call that is answered, in ticks.
            maximum: Length at which a call is answered although it continues, in ticks.
        """
        last_end = max((note.end_time for note in captured.notes), default=0.0)
        silent = last_end <= self.last_tick
        ticks = self._ticks + (not silent)
        if not captured.notes:
            result = TurnResult.IDLE
        elif not (end_call or silent or ticks >= maximum):
            result = TurnResult.LISTENING
        elif ticks < minimum:
            result = TurnResult.TOO_SHORT
        else:
            result = TurnResult.RESPOND
        return TurnDecision(result, silent, ticks)

    def count(self, decision: TurnDecision, tick: float) -> None:
        """Count a tick."""
        self._ticks = decision.ticks if decision.result is TurnResult.LISTENING else 0
        self.last_tick = tick


class DuetTracker(CallTracker):
    """Responds at every tick while the musician plays."""

    def __init__(self, start: float) -> None:
        super().__init__(start)
        self._silent_ticks = 0

    def decide(self, captured: NoteSequence, **limits: Any) -> TurnDecision:  # noqa: ANN401
        """See ``CallTracker.decide``; the limits have no effect."""
        call = super().decide(captured, **limits)
        idle = not captured.notes or self._silent_ticks + call.silent >= _DUET_SILENT_TICKS
        return TurnDecision(
            TurnResult.IDLE if idle else TurnResult.RESPOND, call.silent, call.ticks
        )

    def count(self, decision: TurnDecision, tick: float) -> None:
        """See ``CallTracker.count``."""
        super().count(decision, tick)
        silent = decision.silent and decision.result is not TurnResult.IDLE
        self._silent_ticks = self._silent_ticks + 1 if silent else 0
