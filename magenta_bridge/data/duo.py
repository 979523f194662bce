"""Pieces as two simultaneous lines: a lead and a bass."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from magenta_bridge.data.corpus import Piece
from magenta_bridge.data.dataset import Tune, title_of
from magenta_bridge.data.melody import GridDataset
from magenta_bridge.encodings import melody
from magenta_bridge.noteseq import NoteSequence
from magenta_bridge.sequences.edit import cut, with_notes
from magenta_bridge.sequences.melody_line import melody_line
from magenta_bridge.sequences.quantize import quantize

_FEWEST_BARS: Final = 8
_FEWEST_NOTES: Final = 24
# A longer rest of a voice ends a stretch.
_LONGEST_REST_BARS: Final = 1
# A note this many semitones above the lowest one of its half bar belongs to a chord.
_FIGURE: Final = 8


class DuoDataset(GridDataset):
    """Pairs of lines; a tune's ids alternate: lead, bass, lead, bass, ...

    The networks read bars, not single ids; see ``data.bars``.
    """

    def __init__(self) -> None:
        super().__init__("duo", melody.EVENT_IDS, "pairs of lines")

    def tunes_of(self, pieces: Iterable[Piece]) -> list[Tune]:
        """Extract lead and bass of all pieces.

        The lead is the first part's top line, the bass the lowest notes of the others. A piece
        yields each stretch of one meter in which neither rests for more than a bar; those under
        eight bars or 24 notes per line are left out, as are pieces with a single part.
        """
        return [
            Tune(f"{piece.name}#{number}", title_of(piece), meter, both, _pitches(both[0::2]))
            for piece in pieces
            for number, (meter, both) in enumerate(_stretches(piece.music))
        ]

    def augment(
        self,
        tune: Tune,
        rng: np.random.Generator,  # noqa: ARG002 - the pairs are learned in one key
        transpose: tuple[int, int],  # noqa: ARG002
    ) -> NDArray[np.int32]:
        """Return the tune's ids unchanged."""
        return tune.ids


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
    pitched = [note for note in grid.notes if not note.is_drum]
    lead = melody_line(with_notes(grid, (n for n in pitched if n.instrument == leader)))
    bass = bass_line(with_notes(grid, (n for n in pitched if n.instrument != leader)), bar)
    steps = -(-grid.total_quantized_steps // bar) * bar
    lines = np.stack([melody.encode(line, end_step=steps) for line in (lead, bass)])
    onsets = np.any((lines >= melody.EVENT_OFFSET).reshape(2, -1, bar), axis=2)
    played = np.logical_and(_without_rests(onsets[0]), _without_rests(onsets[1]))
    for first, last in _runs(played):
        both = lines[:, first * bar : last * bar]
        if last - first >= _FEWEST_BARS and (both >= 2).sum(axis=1).min() >= _FEWEST_NOTES:
            yield both.T.ravel()


def bass_line(music: NoteSequence, bar: int) -> NoteSequence:
    """Reduce accompaniment to its bass.

    Of the notes that begin at one step, keep the lowest, unless it is a sixth or more above the
    lowest onset of the same half bar (the same bar in triple time): that is a chord over the bass.
    A note ends where the next begins.

    Args:
        music: Quantized, from a bar line on.
        bar: Steps in a bar.
    """
    span = bar if bar % 8 else bar // 2
    lows: dict[int, int] = {}
    for note in music.notes:
        at = note.quantized_start_step // span
        lows[at] = min(note.pitch, lows.get(at, 127))
    low = (n for n in music.notes if n.pitch < lows[n.quantized_start_step // span] + _FIGURE)
    return _mirror(melody_line(_mirror(with_notes(music, low))))


def _mirror(music: NoteSequence) -> NoteSequence:
    """Turn music upside down, so that its lowest line is the highest."""
    turned = NoteSequence()
    turned.CopyFrom(music)
    for note in turned.notes:
        note.pitch = 127 - note.pitch
    return turned


def _without_rests(onsets: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return for each bar whether a line plays in it or rests only briefly."""
    played: NDArray[np.bool_] = onsets.copy()
    for first, last in _runs(~onsets):
        if last - first <= _LONGEST_REST_BARS and first > 0 and last < len(onsets):
            played[first:last] = True
    return played


def _runs(marked: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return begin and end of each run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], marked, [False]]).astype(np.int8)))
    return [(int(first), int(last)) for first, last in edges.reshape(-1, 2)]


def _pitches(ids: NDArray[np.int32]) -> NDArray[np.int32]:
    return (ids[ids >= melody.EVENT_OFFSET] - melody.EVENT_OFFSET).astype(np.int32)


DATASET: Final = DuoDataset()
