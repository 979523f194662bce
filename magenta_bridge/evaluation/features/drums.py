"""What one would notice of a drum groove."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from magenta_bridge.encodings import drums
from magenta_bridge.evaluation.features.grid import GridFeatures, Rows
from magenta_bridge.evaluation.features.statistics import (
    Features,
    bars_of,
    longest_run,
    repeated_share,
)
from magenta_bridge.evaluation.likelihood import Piece
from magenta_bridge.noteseq import NoteSequence

_STEPS_PER_EIGHTH: Final = 2


def drum_features(music: NoteSequence, bar_steps: int, steps: int) -> Features:
    """Measure one groove.

    Args:
        music: Drums, quantized, from a bar line on.
        bar_steps: Steps in a bar.
        steps: Length of the groove.
    """
    ids = drums.encode(music, end_step=steps)
    hits = drums.hit_counts()[ids]
    struck = hits > 0
    bars = bars_of(ids.tolist(), bar_steps)
    kinds = [bool((ids >> kind & 1).any()) for kind in range(len(drums.CLASSES))]
    half = ids[len(ids) // 2 :]
    return {
        "density": float(hits.sum()) * bar_steps / max(steps, 1),
        "kinds": float(sum(kinds)),
        "polyphony": float(hits[struck].mean()) if struck.any() else 0.0,
        "on_eighths": float(hits[::_STEPS_PER_EIGHTH].sum() / max(hits.sum(), 1)),
        "repeated_bars": repeated_share(bars),
        "longest_repeat": longest_run(bars),
        "empty_bars": float(np.mean([not any(bar) for bar in bars])),
        "stuck": float(len(set(half[half > 0].tolist())) == 1),
        "silent": float(not struck.any()),
    }


def _rows(music: NoteSequence, steps: int) -> Rows:
    ids: list[int] = drums.encode(music, end_step=steps).tolist()
    return ids


def _never(ids: Piece) -> bool:
    del ids
    return False


def _begun(ids: Piece) -> NDArray[np.int64]:
    return drums.hit_counts()[ids].astype(np.int64)


DRUMS: Final = GridFeatures(
    noun="grooves",
    labels={
        "density": "hits in a bar",
        "kinds": "kinds of drum, of nine",
        "polyphony": "drums struck at once",
        "on_eighths": "share of hits on eighths",
        "repeated_bars": "share of repeated bars",
        "longest_repeat": "longest run of one bar, bars",
        "empty_bars": "share of bars without a hit",
        "stuck": "stuck: last half one stroke again and again",
        "silent": "silent",
    },
    checked=("density", "kinds", "polyphony", "on_eighths"),
    limits=(
        "Nine classes of drums on a grid of sixteenths: no flams, no triplets, no swing; velocity "
        "follows the\nbeat and the primer and is not learned. It supports the meters of its "
        "training data, almost all 4/4."
    ),
    first_start_id=drums.EVENT_IDS,
    decode=drums.decode,
    rows=_rows,
    measure=drum_features,
    upbeat=_never,
    note_onsets=_begun,
)
