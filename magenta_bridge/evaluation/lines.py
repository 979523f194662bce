"""Music whose instruments play one line each, as melody event ids."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from magenta_bridge.encodings import melody
from magenta_bridge.noteseq import NoteSequence


def lines_of(music: NoteSequence, tracks: int, steps: int) -> tuple[NDArray[np.int32], ...]:
    """Returns melody event ids ``(steps,)`` of each instrument from 0 on.

    Args:
        music: Quantized; each instrument plays one line.
        tracks: How many instruments there are.
        steps: Length in steps.
    """
    lines = []
    for track in range(tracks):
        line = NoteSequence(quantization_info=music.quantization_info)
        line.notes.extend(note for note in music.notes if tracks == 1 or note.instrument == track)
        lines.append(melody.encode(line, end_step=steps))
    return tuple(lines)
