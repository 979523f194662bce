"""What an interaction does at a moment."""

from __future__ import annotations

from typing import ClassVar


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
