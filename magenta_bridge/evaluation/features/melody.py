"""What one would notice of a melody."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from magenta_bridge.encodings import melody
from magenta_bridge.evaluation.features.grid import GridFeatures, Rows
from magenta_bridge.evaluation.features.statistics import (
    Features,
    bars_of,
    is_stuck,
    longest_run,
    pitch_range,
    repeated_share,
    scale_consistency,
)
from magenta_bridge.evaluation.likelihood import Piece
from magenta_bridge.noteseq import NoteSequence


def melody_features(music: NoteSequence, bar_steps: int, steps: int) -> Features:
    """Measure one melody.

    Args:
        music: One line, quantized, from a bar line on.
        bar_steps: Steps in a bar.
        steps: Length of the melody.
    """
    ids = melody.encode(music, end_step=steps)
    pitches = ids[ids >= melody.EVENT_OFFSET] - melody.EVENT_OFFSET
    intervals = np.abs(np.diff(pitches))
    return {
        "density": len(pitches) * bar_steps / max(steps, 1),
        "pitch_range": pitch_range(pitches),
        "scale_consistency": scale_consistency(pitches),
        "mean_interval": float(intervals.mean()) if len(intervals) else 0.0,
        "longest_repeat": longest_run(pitches.tolist()),
        "repeated_bars": repeated_share(bars_of(ids.tolist(), bar_steps)),
        "stuck": is_stuck(pitches.tolist()),
        "silent": float(not len(pitches)),
    }


def _rows(music: NoteSequence, steps: int) -> Rows:
    ids: list[int] = melody.encode(music, end_step=steps).tolist()
    return ids


def _has_upbeat(ids: Piece) -> bool:
    return len(ids) > 0 and int(ids[0]) == melody.NO_EVENT + melody.EVENT_OFFSET


def _begun(ids: Piece) -> NDArray[np.int64]:
    return (ids >= melody.EVENT_OFFSET).astype(np.int64)


MELODY: Final = GridFeatures(
    noun="melodies",
    labels={
        "density": "notes in a bar",
        "pitch_range": "range, semitones",
        "scale_consistency": "share of notes in one major scale",
        "mean_interval": "mean step between notes, semitones",
        "longest_repeat": "longest run on one pitch, notes",
        "repeated_bars": "share of repeated bars",
        "stuck": "stuck: last half on one pitch",
        "silent": "silent",
    },
    checked=("density", "pitch_range", "scale_consistency"),
    limits=(
        "One monophonic line, on a grid of sixteenths: no chords, no triplets, no swing, one "
        "velocity. It\nsupports 2/4, 3/4, 4/4 (and 2/2 as 4/4), 3/8, 6/8, 9/8, 12/8 and 6/4; other "
        "meters are played on the\nbar lines of the nearest of these. Primers outside its range "
        "are moved by octaves and back. It\nimitates the style of its training data."
    ),
    first_start_id=melody.EVENT_IDS,
    decode=melody.decode,
    rows=_rows,
    measure=melody_features,
    upbeat=_has_upbeat,
    note_onsets=_begun,
)
