"""What an adversarial generator hears of a primer: its last bars, in the white keys."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from magenta_bridge.encodings import pianoroll
from magenta_bridge.generators.primer import Section, context_ids
from magenta_bridge.noteseq import GeneratorOptions, NoteSequence


@dataclass(frozen=True, eq=False)
class History:
    """The music before the section.

    Attributes:
        meter: Index in ``METERS``.
        shift: Semitones the bars lie above the music.
        bars: Compact ids ``(HISTORY_BARS, tracks, STEPS)``, padded in front.
    """

    meter: int
    shift: int
    bars: NDArray[np.int32]


def read_history(
    music: NoteSequence, options: GeneratorOptions, section: Section, tracks: int
) -> History:
    """Reads the last bars before the section, counted back from its start.

    Args:
        music: The primer. For two tracks its last instrument is the bass, when it has two.
        options: Its ``input_sections`` choose what is read.
        section: What will be generated.
        tracks: 1 or 2.

    Raises:
        InvalidArgumentError: An input section ends before it starts.
    """
    read = [context_ids(part, options, section) for part in _parts(music, tracks)]
    meter = read[0][0]
    _, bar = pianoroll.meter_kind(meter)
    lines = tuple(_ending(ids, bar * pianoroll.HISTORY_BARS) for _, ids in read)
    shift = pianoroll.white_shift(*(ids for _, ids in read))
    bars = pianoroll.to_bars(lines, bar, shift=shift)
    known = -(-max(len(ids) for _, ids in read) // bar)
    if known < pianoroll.HISTORY_BARS:
        bars[: pianoroll.HISTORY_BARS - known] = pianoroll.PAD
    return History(meter, shift, bars)


def _ending(ids: NDArray[np.int32], steps: int) -> NDArray[np.int32]:
    """Returns the last ``steps`` ids, with silence before them when there are fewer."""
    whole = np.zeros(steps, dtype=np.int32)
    kept = ids[-steps:]
    whole[steps - len(kept) :] = kept
    return whole


def _parts(music: NoteSequence, tracks: int) -> list[NoteSequence]:
    if tracks == 1:
        return [music]
    heard = sorted({note.instrument for note in music.notes if not note.is_drum})
    bass = heard[-1] if len(heard) > 1 else None
    parts = []
    for low in (False, True):
        part = NoteSequence()
        part.CopyFrom(music)
        del part.notes[:]
        part.notes.extend(n for n in music.notes if (n.instrument == bass) == low)
        parts.append(part)
    return parts
