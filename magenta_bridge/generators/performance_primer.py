"""What a performance generator hears of a request: the playing just before the section."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from magenta_bridge.encodings import performance
from magenta_bridge.generators.primer import Section, heard_before
from magenta_bridge.noteseq import GeneratorOptions, NoteSequence
from magenta_bridge.sequences.pedal import sounding_ends

# Some five hundred events: twice what the gradient reached back while learning.
_MOST_NOTES: Final = 150
_LONGEST_SECONDS: Final = 20.0
# A longer wait is heard as this one: music that stopped long ago is gone on from at once.
_LONGEST_WAIT_SECONDS: Final = 1.0


def performance_before(
    music: NoteSequence, options: GeneratorOptions, section: Section
) -> NDArray[np.int32]:
    """Writes the playing before the section as ids.

    All instruments but drums are heard as one, with their sustain pedals; at most the newest
    150 notes and 20 seconds. The grid is counted back from the section's start, so that the new
    music begins exactly there; what sounds on is ended there.

    Args:
        music: The request's primer.
        options: Its ``input_sections`` choose what is read; all before the section otherwise.
        section: What will be generated.

    Returns:
        Event ids ``(events,)``; none when nothing is heard.

    Raises:
        InvalidArgumentError: An input section ends before it starts.
    """
    heard = heard_before(_with_pedal(music), options, section, since=-1.0)
    notes = sorted(
        (note for note in heard.notes if not note.is_drum), key=lambda note: note.start_time
    )
    if not notes:
        return np.zeros(0, dtype=np.int32)
    last = max(note.end_time for note in notes)
    end = min(section.start, last + _LONGEST_WAIT_SECONDS)
    newest = [note for note in notes[-_MOST_NOTES:] if note.start_time > end - _LONGEST_SECONDS]
    if not newest:
        return np.zeros(0, dtype=np.int32)
    steps = round((end - newest[0].start_time) * performance.STEPS_PER_SECOND)
    return performance.encode(
        NoteSequence(notes=newest), start=end - steps / performance.STEPS_PER_SECOND, end=end
    )


def _with_pedal(music: NoteSequence) -> NoteSequence:
    if not music.control_changes:
        return music
    held = NoteSequence(total_time=music.total_time, tempos=music.tempos, notes=music.notes)
    for note, end in zip(held.notes, sounding_ends(music), strict=True):
        note.end_time = end
    return held
