"""Piano rolls as decisions: one for each pitch, or one pitch after another.

A frame is the set of the pitches that sound in it. Asked pitch by pitch, every pitch is silent or
sounds, whatever the others do. Asked note by note, its pitches come in ascending order and then an
end, each predicted behind those below it; a set has one such order, so the product of these
probabilities is an exact joint probability of the frame (Walder 2016, "Modelling Symbolic Music:
Beyond the Piano Roll", section 3).
"""

from __future__ import annotations

from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

PITCHES: Final = 88
END: Final = PITCHES
"""Id that ends a frame; the ids below it are columns of the roll."""
NOTE_IDS: Final = PITCHES + 1

Roll: TypeAlias = NDArray[np.uint8]
"""One piece: ``(frames, 88)`` of 0 and 1; column 0 is MIDI pitch 21."""


def notes_of(frames: Roll) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]:
    """Returns the decisions of frames asked note by note.

    Args:
        frames: ``(frames, 88)``.

    Returns:
        Three arrays of one length: the frame that each decision belongs to; one more than the id
        chosen before it in the frame, 0 for none; and the id chosen, ``0..88``.
    """
    ended = np.concatenate([frames, np.ones((len(frames), 1), frames.dtype)], axis=1)
    frame, chosen = (each.astype(np.int32) for each in np.nonzero(ended))
    last = np.zeros_like(chosen)
    follows = frame[1:] == frame[:-1]
    last[1:][follows] = chosen[:-1][follows] + 1
    return frame, last, chosen


def transpose(roll: Roll, semitones: int) -> Roll:
    """Returns a roll moved up; a roll that would leave the keyboard stays where it is.

    Args:
        roll: ``(frames, 88)``.
        semitones: How far, -87..87; down where negative.
    """
    moved = np.zeros_like(roll)
    if semitones >= 0:
        moved[:, semitones:] = roll[:, : PITCHES - semitones]
    else:
        moved[:, :semitones] = roll[:, -semitones:]
    return moved if moved.sum() == roll.sum() else roll
