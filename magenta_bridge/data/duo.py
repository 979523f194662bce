"""Pieces of music as two lines that sound together: a lead and a bass."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from magenta_bridge.data.corpus import Piece
from magenta_bridge.data.example import Tune, title_of
from magenta_bridge.data.melody import GridMaterial
from magenta_bridge.encodings import melody
from magenta_bridge.noteseq import NoteSequence
from magenta_bridge.sequences.edit import cut
from magenta_bridge.sequences.melody_line import melody_line
from magenta_bridge.sequences.quantize import quantize

_FEWEST_BARS: Final = 8
_FEWEST_NOTES: Final = 24
# A voice that waits longer than this has left the stage; what follows is another stretch.
_LONGEST_REST_BARS: Final = 1
# What stands so many semitones above the lowest note of its half bar is a chord's, not a bass's.
_FIGURE: Final = 8


class DuoMaterial(GridMaterial):
    """Pairs of lines; see ``Material``. A tune's ids alternate: lead, bass, lead, bass, ...

    The networks of pairs read bars, not ids one by one; see ``training.bars``.
    """

    def __init__(self) -> None:
        super().__init__("duo", melody.EVENT_IDS, "pairs of lines")

    def tunes_of(self, pieces: Iterable[Piece]) -> list[Tune]:
        """See ``duos_of``."""
        return duos_of(pieces)

    def varied(
        self,
        tune: Tune,
        rng: np.random.Generator,  # noqa: ARG002 - the pairs are learned in one key
        transpose: tuple[int, int],  # noqa: ARG002
    ) -> NDArray[np.int32]:
        """Returns the tune as it is."""
        return tune.ids


def duos_of(pieces: Iterable[Piece]) -> list[Tune]:
    """Extracts lead and bass of all pieces; their ids alternate step by step.

    The first part's top line leads, and the lowest notes of the others are the bass. A piece
    yields each stretch of one meter in which neither rests for more than a bar; those under
    eight bars or 24 notes a line are left out, as are pieces with one part alone.
    """
    return [
        Tune(f"{piece.name}#{number}", title_of(piece), meter, both, _pitches(both[0::2]))
        for piece in pieces
        for number, (meter, both) in enumerate(_stretches(piece.music))
    ]


def _stretches(music: NoteSequence) -> Iterator[tuple[int, NDArray[np.int32]]]:
    instruments = {note.instrument for note in music.notes if not note.is_drum}
    if len(instruments) < 2:
        return
    marks = sorted(music.time_signatures, key=lambda mark: mark.time)
    starts = [mark.time for mark in marks] or [0.0]
    for start, end in zip(starts, [*starts[1:], music.total_time], strict=True):
        part = cut(music, start, end)
        mark = part.time_signatures[0]
        meter = melody.closest_meter(mark.numerator, mark.denominator)
        bar = melody.bar_steps(*melody.METERS[meter])
        if part.notes and bar == melody.bar_steps(mark.numerator, mark.denominator):
            for both in _played_together(part, min(instruments), int(bar)):
                yield meter, both


def _played_together(music: NoteSequence, leader: int, bar: int) -> Iterator[NDArray[np.int32]]:
    grid = quantize(music, melody.STEPS_PER_QUARTER)
    lead = melody_line(_only(grid, leader, leading=True))
    bass = bass_line(_only(grid, leader, leading=False), bar)
    steps = -(-grid.total_quantized_steps // bar) * bar
    lines = np.stack([melody.encode(line, end_step=steps) for line in (lead, bass)])
    begun = np.any((lines >= melody.EVENT_OFFSET).reshape(2, -1, bar), axis=2)
    heard = np.logical_and(_without_rests(begun[0]), _without_rests(begun[1]))
    for first, last in _runs(heard):
        both = lines[:, first * bar : last * bar]
        if last - first >= _FEWEST_BARS and (both >= 2).sum(axis=1).min() >= _FEWEST_NOTES:
            yield both.T.ravel()


def _only(music: NoteSequence, leader: int, *, leading: bool) -> NoteSequence:
    chosen = NoteSequence()
    chosen.CopyFrom(music)
    del chosen.notes[:]
    chosen.notes.extend(
        note for note in music.notes if not note.is_drum and (note.instrument == leader) == leading
    )
    return chosen


def bass_line(music: NoteSequence, bar: int) -> NoteSequence:
    """Reduces accompaniment to its bass.

    Of notes that begin on one step the lowest is kept, but none that stands a sixth or more
    above the lowest note begun in the same half bar (the same bar in triple time): that is a
    chord over the bass. A note ends where the next begins.

    Args:
        music: Quantized, from a bar line on.
        bar: Steps in a bar.
    """
    span = bar if bar % 8 else bar // 2
    lows: dict[int, int] = {}
    for note in music.notes:
        at = note.quantized_start_step // span
        lows[at] = min(note.pitch, lows.get(at, 127))
    figure = _mirror(music)
    del figure.notes[:]
    for note in _mirror(music).notes:
        if 127 - note.pitch < lows[note.quantized_start_step // span] + _FIGURE:
            figure.notes.add().CopyFrom(note)
    return _mirror(melody_line(figure))


def _mirror(music: NoteSequence) -> NoteSequence:
    """Turns music upside down, so that its lowest line is the highest."""
    turned = NoteSequence()
    turned.CopyFrom(music)
    for note in turned.notes:
        note.pitch = 127 - note.pitch
    return turned


def _without_rests(begun: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Tells for each bar whether a line plays there, or rests no longer than it may."""
    played: NDArray[np.bool_] = begun.copy()
    for first, last in _runs(~begun):
        if last - first <= _LONGEST_REST_BARS and first > 0 and last < len(begun):
            played[first:last] = True
    return played


def _runs(marked: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Returns begin and end of each run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], marked, [False]]).astype(np.int8)))
    return [(int(first), int(last)) for first, last in edges.reshape(-1, 2)]


def _pitches(ids: NDArray[np.int32]) -> NDArray[np.int32]:
    return (ids[ids >= melody.EVENT_OFFSET] - melody.EVENT_OFFSET).astype(np.int32)
