"""Pieces of music as melodies a model can learn from."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from magenta_bridge.encodings import melody
from magenta_bridge.noteseq import NoteSequence
from magenta_bridge.sequences.downbeats import Stretch, regular_stretches
from magenta_bridge.sequences.melody_line import melody_line
from magenta_bridge.sequences.quantize import quantize
from magenta_bridge.training.corpus import Piece
from magenta_bridge.training.repeats import without_literal_repeats
from magenta_bridge.training.tunes import Tune, title_of

# Shorter than a third of a sixteenth is an ornament, which the grid cannot hold.
_ORNAMENT_QUARTERS = 1.0 / 12.0
_FEWEST_BARS = 4
_FEWEST_NOTES = 12


def melodies_of(pieces: Iterable[Piece]) -> list[Tune]:
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
        _tune(f"{piece.name}#{index}", title_of(piece), meter, _ids(line, stretch, int(bar)))
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


def _tune(name: str, title: str, meter: int, ids: NDArray[np.int32]) -> Tune:
    notes = ids[ids >= melody.EVENT_OFFSET] - melody.EVENT_OFFSET
    return Tune(name, title, meter, ids, notes.astype(np.int32))
