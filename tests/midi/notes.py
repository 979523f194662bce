"""Short sequences, and waits for what a thread will bring about."""

from __future__ import annotations

import time
from collections.abc import Callable

from magenta_bridge.noteseq import NoteSequence

PATIENCE_S = 30.0


def sequence_of(*notes: tuple[int, int, float, float]) -> NoteSequence:
    """Returns a sequence of notes given as pitch, velocity, start and end in seconds."""
    sequence = NoteSequence()
    for pitch, velocity, start, end in notes:
        sequence.notes.add(pitch=pitch, velocity=velocity, start_time=start, end_time=end)
        sequence.total_time = max(sequence.total_time, end)
    return sequence


def wait_for(condition: Callable[[], object], what: str) -> None:
    """Waits until something holds, or fails after half a minute."""
    limit = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < limit, f"{what} did not come about"
        time.sleep(0.002)
