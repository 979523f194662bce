"""Pieces of music as melodies a model can learn from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from magenta_bridge.encodings import melody
from magenta_bridge.noteseq import NoteSequence
from magenta_bridge.sequences.downbeats import Stretch, regular_stretches
from magenta_bridge.sequences.melody_line import melody_line
from magenta_bridge.sequences.quantize import quantize
from magenta_bridge.training.corpus import Piece
from magenta_bridge.training.repeats import without_literal_repeats

# Shorter than a third of a sixteenth is an ornament, which the grid cannot hold.
_ORNAMENT_QUARTERS = 1.0 / 12.0
_FEWEST_BARS = 4
_FEWEST_NOTES = 12


@dataclass(frozen=True)
class Tune:
    """One melody on the grid of sixteenths, from a bar line on.

    Attributes:
        name: Piece it comes from, and which stretch of it.
        title: Title of the piece, for telling settings of one tune apart from others; empty
            when it has none.
        meter: Index in ``melody.METERS``.
        ids: Event ids ``(steps,)``; the first one stands on a bar line.
    """

    name: str
    title: str
    meter: int
    ids: NDArray[np.int32]

    @property
    def pitches(self) -> NDArray[np.int32]:
        """Pitches of the notes in order, ``(notes,)``, MIDI numbers."""
        notes = self.ids[self.ids >= melody.EVENT_OFFSET] - melody.EVENT_OFFSET
        return notes.astype(np.int32)


def tunes_of(pieces: Iterable[Piece]) -> list[Tune]:
    """Extracts the melodies of all pieces, in order.

    Pieces in a meter without whole bars on the grid, or that change their meter, are left out,
    as are stretches under four bars or twelve notes.
    """
    return [tune for piece in pieces for tune in _tunes_of_piece(piece)]


def _tunes_of_piece(piece: Piece) -> list[Tune]:
    written = {(mark.numerator, mark.denominator) for mark in piece.music.time_signatures}
    if len(written) > 1:
        return []
    signature = written.pop() if written else (4, 4)
    bar = melody.bar_steps(*signature)
    meter = melody.closest_meter(*signature)
    if bar != melody.bar_steps(*melody.METERS[meter]):
        return []
    line = melody_line(quantize(_without_ornaments(piece.music), melody.STEPS_PER_QUARTER))
    stretches = regular_stretches(line, int(bar))
    tunes = [
        Tune(f"{piece.name}#{index}", _title(piece), meter, _ids(line, stretch, int(bar)))
        for index, stretch in enumerate(stretches)
    ]
    return [
        tune
        for tune in tunes
        if len(tune.ids) >= _FEWEST_BARS * bar and len(tune.pitches) >= _FEWEST_NOTES
    ]


def _without_ornaments(music: NoteSequence) -> NoteSequence:
    """Drops grace notes; what they delayed then rounds back onto the beat."""
    qpm = music.tempos[0].qpm if music.tempos else 120.0
    shortest = _ORNAMENT_QUARTERS * 60.0 / qpm
    plain = NoteSequence()
    plain.CopyFrom(music)
    del plain.notes[:]
    plain.notes.extend(n for n in music.notes if n.end_time - n.start_time >= shortest)
    return plain


def _ids(line: NoteSequence, stretch: Stretch, bar: int) -> NDArray[np.int32]:
    first = max(stretch.first_step, 0)
    upbeat = np.full(
        first - stretch.first_step, melody.NO_EVENT + melody.EVENT_OFFSET, dtype=np.int32
    )
    ids = melody.encode(line, start_step=first, end_step=stretch.end_step)
    return without_literal_repeats(np.concatenate([upbeat, ids]), bar)


def _title(piece: Piece) -> str:
    names = [info.name for info in piece.music.instrument_infos if info.name]
    return piece.music.sequence_metadata.title or (names[0] if names else "")
