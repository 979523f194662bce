"""Pieces of music as two lines that sound together: a lead and a bass."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from magenta_bridge.encodings import melody
from magenta_bridge.noteseq import NoteSequence
from magenta_bridge.sequences.melody_line import melody_line
from magenta_bridge.sequences.quantize import quantize
from magenta_bridge.training.corpus import Piece
from magenta_bridge.training.tunes import Tune, title_of

_FEWEST_BARS = 8
_FEWEST_NOTES = 24


def duos_of(pieces: Iterable[Piece]) -> list[Tune]:
    """Extracts lead and bass of all pieces; their ids alternate step by step.

    The first part's top line leads, and the lowest notes of the others are the bass. Pieces
    with one part, more than one meter, or bars that do not fit the grid are left out.
    """
    return [tune for piece in pieces if (tune := _duo_of(piece)) is not None]


def _duo_of(piece: Piece) -> Tune | None:
    music = piece.music
    written = {(mark.numerator, mark.denominator) for mark in music.time_signatures}
    if len(written) != 1 or _parts(music) < 2:
        return None
    signature = written.pop()
    meter = melody.closest_meter(*signature)
    if melody.bar_steps(*signature) != melody.bar_steps(*melody.METERS[meter]):
        return None
    lead, bass = (_line(music, leading=leading) for leading in (True, False))
    bar = int(melody.bar_steps(*signature))
    steps = max(lead.total_quantized_steps, bass.total_quantized_steps) // bar * bar
    if steps < _FEWEST_BARS * bar or min(len(lead.notes), len(bass.notes)) < _FEWEST_NOTES:
        return None
    both = np.empty(2 * steps, dtype=np.int32)
    both[0::2] = melody.encode(lead, end_step=steps)
    both[1::2] = melody.encode(bass, end_step=steps)
    notes = both[0::2][both[0::2] >= melody.EVENT_OFFSET] - melody.EVENT_OFFSET
    return Tune(f"{piece.name}#0", title_of(piece), meter, both, notes.astype(np.int32))


def _parts(music: NoteSequence) -> int:
    return len({note.instrument for note in music.notes if not note.is_drum})


def _line(music: NoteSequence, *, leading: bool) -> NoteSequence:
    """Returns the top line of the first part, or the bottom line of the rest upside down."""
    first = min(note.instrument for note in music.notes if not note.is_drum)
    chosen = NoteSequence()
    chosen.CopyFrom(music)
    del chosen.notes[:]
    for note in music.notes:
        if not note.is_drum and (note.instrument == first) == leading:
            chosen.notes.add().CopyFrom(note)
    quantized = quantize(chosen, melody.STEPS_PER_QUARTER)
    return melody_line(quantized) if leading else _mirror(melody_line(_mirror(quantized)))


def _mirror(music: NoteSequence) -> NoteSequence:
    turned = NoteSequence()
    turned.CopyFrom(music)
    for note in turned.notes:
        note.pitch = 127 - note.pitch
    return turned
