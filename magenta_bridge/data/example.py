"""What a model learns from, whatever its encoding."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from magenta_bridge.data.corpus import Piece
from magenta_bridge.noteseq import NoteSequence


@dataclass(frozen=True)
class Tune:
    """One piece of music, or a stretch of one, as event ids.

    Attributes:
        name: Piece it comes from, and which stretch of it.
        title: Title of the piece, for telling settings of one tune apart from others; empty
            when it has none.
        meter: Index in ``encodings.meters.METERS``; 0 for music without bars.
        ids: Event ids ``(steps,)`` without the start id. On a grid, the first one stands on a
            bar line.
        pitches: Pitches of its leading line in order, ``(notes,)``, MIDI numbers; empty where
            there is no title. Tunes that share a run of them are versions of one another.
    """

    name: str
    title: str
    meter: int
    ids: NDArray[np.int32]
    pitches: NDArray[np.int32] = field(default_factory=lambda: np.zeros(0, dtype=np.int32))


def title_of(piece: Piece) -> str:
    """Return the title of a score, or the name of a file's first instrument; may be empty.

    The titles of MIDI files do not count, so that splits of shipped models stay as they are.
    """
    names = [info.name for info in piece.music.instrument_infos if info.name]
    is_midi = piece.music.source_info.encoding_type == NoteSequence.SourceInfo.MIDI
    title = "" if is_midi else piece.music.sequence_metadata.title
    return title or (names[0] if names else "")
