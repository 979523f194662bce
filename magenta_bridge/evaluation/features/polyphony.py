"""What one would notice of music in voices."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from magenta_bridge.encodings import polyphony
from magenta_bridge.evaluation.features.grid import GridFeatures, Rows
from magenta_bridge.evaluation.features.statistics import (
    Features,
    bars_of,
    is_stuck,
    pitch_range,
    repeated_share,
    scale_consistency,
)
from magenta_bridge.evaluation.likelihood import Piece
from magenta_bridge.noteseq import NoteSequence


def voices_features(music: NoteSequence, bar_steps: int, steps: int) -> Features:
    """Measure one piece in voices.

    Args:
        music: All notes together, quantized, from a bar line on.
        bar_steps: Steps in a bar.
        steps: Length of the piece.
    """
    pitches = np.array([note.pitch for note in music.notes], dtype=np.int64)
    sounding = np.zeros(steps, dtype=np.int64)
    for note in music.notes:
        sounding[note.quantized_start_step : note.quantized_end_step] += 1
    trained_on = sounding > 0
    rows = onsets(music, steps)
    return {
        "density": len(pitches) * bar_steps / max(steps, 1),
        "polyphony": float(sounding[trained_on].mean()) if trained_on.any() else 0.0,
        "pitch_range": pitch_range(pitches),
        "scale_consistency": scale_consistency(pitches),
        "length": _mean_length(music),
        "silence": float(1.0 - trained_on.mean()),
        "repeated_bars": repeated_share(bars_of(rows, bar_steps)),
        "stuck": is_stuck([row for row in rows if row]),
        "silent": float(not len(pitches)),
    }


def onsets(music: NoteSequence, steps: int) -> Rows:
    """Return the pitches that begin on each step."""
    note_onsets: list[set[int]] = [set() for _ in range(steps)]
    for note in music.notes:
        if 0 <= note.quantized_start_step < steps:
            note_onsets[note.quantized_start_step].add(note.pitch)
    return [frozenset(row) for row in note_onsets]


def _mean_length(music: NoteSequence) -> float:
    lengths = [note.quantized_end_step - note.quantized_start_step for note in music.notes]
    return float(np.mean(lengths)) if lengths else 0.0


def _begins_with_rest(ids: Piece) -> bool:
    return len(ids) > 0 and int(ids[0]) == polyphony.END


def _begun(ids: Piece) -> NDArray[np.int64]:
    return ((ids >= polyphony.NEW) & (ids < polyphony.HELD)).astype(np.int64)


VOICES: Final = GridFeatures(
    noun="pieces in voices",
    labels={
        "density": "notes in a bar",
        "polyphony": "notes sounding at once",
        "pitch_range": "range, semitones",
        "scale_consistency": "share of notes in one major scale",
        "length": "mean length of a note, sixteenths",
        "silence": "share of steps in silence",
        "repeated_bars": "share of repeated bars",
        "stuck": "stuck: last half one stroke again and again",
        "silent": "silent",
    },
    checked=("density", "polyphony", "pitch_range", "scale_consistency"),
    limits=(
        "All voices on one instrument and a grid of sixteenths: no triplets, no ornaments, one "
        "velocity; the\nvoice of a note is not known. It supports 2/4, 3/4, 4/4 (and 2/2 as "
        "4/4), 3/8, 6/8, 9/8, 12/8 and\n6/4. It imitates the style of its training data."
    ),
    first_start_id=polyphony.EVENT_IDS,
    decode=polyphony.decode,
    rows=onsets,
    measure=voices_features,
    upbeat=_begins_with_rest,
    note_onsets=_begun,
)
