"""What one would notice of a lead and a bass that sound together."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from magenta_bridge.encodings import melody
from magenta_bridge.encodings.bars import sounding_ids
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


def lines_of(music: NoteSequence, tracks: int, steps: int) -> tuple[NDArray[np.int32], ...]:
    """Return melody event ids ``(steps,)`` of each instrument from 0 on.

    Args:
        music: Quantized; each instrument plays one line.
        tracks: How many instruments there are.
        steps: Length in steps.
    """
    lines = []
    for track in range(tracks):
        line = NoteSequence(quantization_info=music.quantization_info)
        line.notes.extend(note for note in music.notes if tracks == 1 or note.instrument == track)
        lines.append(melody.encode(line, end_step=steps))
    return tuple(lines)


# Unison, thirds, fifth and sixths: what sounds at rest over a bass.
_CONSONANT: Final = (0, 3, 4, 7, 8, 9)


def duo_features(music: NoteSequence, bar_steps: int, steps: int) -> Features:
    """Measure one pair of lines.

    Args:
        music: The lead as instrument 0 and the bass as instrument 1, quantized, from a bar line.
        bar_steps: Steps in a bar.
        steps: Length of the music.
    """
    lead, bass = lines_of(music, 2, steps)
    high, low = (line[line >= melody.EVENT_OFFSET] - melody.EVENT_OFFSET for line in (lead, bass))
    leaps = np.abs(np.diff(low))
    pairs = [tuple(row) for row in np.stack([lead, bass], axis=1).tolist()]
    gaps = _gaps(lead, bass)
    return {
        "density": len(high) * bar_steps / max(steps, 1),
        "bass_density": len(low) * bar_steps / max(steps, 1),
        "pitch_range": pitch_range(high),
        "bass_range": pitch_range(low),
        "scale_consistency": scale_consistency(np.concatenate([high, low])),
        "bass_interval": float(leaps.mean()) if len(leaps) else 0.0,
        "consonance": float(np.isin(gaps % 12, _CONSONANT).mean()) if len(gaps) else 0.0,
        "crossed": float((gaps < 0).mean()) if len(gaps) else 0.0,
        "repeated_bars": repeated_share(bars_of(pairs, bar_steps)),
        "stuck": is_stuck(high.tolist()),
        "silent": float(not len(high) or not len(low)),
    }


def _gaps(lead: NDArray[np.int32], bass: NDArray[np.int32]) -> NDArray[np.int64]:
    """Return the semitones from bass up to lead at each step at which both sound."""
    upper, lower = (sounding_ids(line) for line in (lead, bass))
    both = (upper >= melody.EVENT_OFFSET) & (lower >= melody.EVENT_OFFSET)
    return (upper[both] - lower[both]).astype(np.int64)


def _decode(ids: Piece) -> NoteSequence:
    both = melody.decode(ids[0::2])
    bass = melody.decode(ids[1::2])
    for note in bass.notes:
        note.instrument = 1
    both.notes.extend(bass.notes)
    return both


def _rows(music: NoteSequence, steps: int) -> Rows:
    return [tuple(row) for row in np.stack(lines_of(music, 2, steps), axis=1).tolist()]


def _never(ids: Piece) -> bool:
    del ids
    return False


def _begun(ids: Piece) -> NDArray[np.int64]:
    return (ids >= melody.EVENT_OFFSET).astype(np.int64)


DUO: Final = GridFeatures(
    noun="pairs of lines",
    labels={
        "density": "notes of the lead in a bar",
        "bass_density": "notes of the bass in a bar",
        "pitch_range": "range of the lead, semitones",
        "bass_range": "range of the bass, semitones",
        "scale_consistency": "share of notes in one major scale",
        "bass_interval": "mean step of the bass, semitones",
        "consonance": "share of time in consonance",
        "crossed": "share of time with the bass above",
        "repeated_bars": "share of repeated bars",
        "stuck": "stuck: last half of the lead on one pitch",
        "silent": "silent: a line without notes",
    },
    checked=("density", "bass_density", "pitch_range", "scale_consistency", "consonance"),
    limits=(
        "Two monophonic lines, on a grid of sixteenths: no chords, no triplets, one "
        "velocity.\nIt sees the last eight bars. Bars of two quarters or three eighths are taken "
        "in pairs. Primers\noutside its range are moved by octaves."
    ),
    first_start_id=melody.EVENT_IDS,
    decode=_decode,
    rows=_rows,
    measure=duo_features,
    upbeat=_never,
    note_onsets=_begun,
)
