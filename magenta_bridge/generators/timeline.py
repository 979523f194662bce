"""The timeline that new notes are written on: the primer's clock, and a section's steps on it."""

from __future__ import annotations

import numpy as np

from magenta_bridge.encodings.meters import STEPS_PER_QUARTER
from magenta_bridge.generators.primer import Section
from magenta_bridge.noteseq import NoteSequence


def clock_of(music: NoteSequence, section: Section) -> NoteSequence:
    """Returns the primer's clock and signatures, which the new notes are to be read with."""
    first = NoteSequence(ticks_per_quarter=music.ticks_per_quarter)
    first.tempos.extend(music.tempos)
    first.time_signatures.extend(music.time_signatures)
    first.key_signatures.extend(music.key_signatures)
    if not first.tempos:
        first.tempos.add(time=0.0, qpm=section.tempo.qpm_at(0.0))
    if not first.time_signatures:
        first.time_signatures.add(time=0.0, numerator=4, denominator=4)
    return first


def step_seconds(section: Section) -> list[float]:
    """Returns where each sixteenth of a section begins, in seconds, and where the last one ends."""
    steps = np.arange(section.steps + 1) / STEPS_PER_QUARTER
    times = section.tempo.seconds(section.origin_quarters + steps)
    seconds: list[float] = np.clip(times, section.start, section.end).tolist()
    # Seconds to quarters and back may be off by the last bit.
    seconds[0] = section.start
    return seconds
