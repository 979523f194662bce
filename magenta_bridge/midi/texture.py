"""How many notes may sound at once."""

from __future__ import annotations


class TextureType:
    """Musical texture of what is captured, passed through and played.

    Attributes:
        MONOPHONIC: One note at a time; a new one ends the one before.
        POLYPHONIC: Any number of notes.
    """

    MONOPHONIC = 1
    POLYPHONIC = 2
