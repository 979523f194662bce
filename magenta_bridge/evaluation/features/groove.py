"""What one would notice of a drum performance: the groove, its dynamics, and its timing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from magenta_bridge.encodings import groove
from magenta_bridge.encodings.drums import CLASSES
from magenta_bridge.encodings.meters import METERS, STEPS_PER_QUARTER
from magenta_bridge.evaluation.features.drums import DRUMS, drum_features
from magenta_bridge.evaluation.features.grid import SAMPLE_BARS, GridFeatures, generated
from magenta_bridge.evaluation.features.statistics import Features
from magenta_bridge.evaluation.likelihood import Piece
from magenta_bridge.generators.generator import SequenceGenerator
from magenta_bridge.noteseq import NoteSequence
from magenta_bridge.sequences.edit import cut
from magenta_bridge.sequences.tempo_map import TempoMap

# Ghost notes of the snare are about as loud.
_SOFT: Final = 40
_LOUD: Final = 110
_TICKS_PER_SECOND: Final = 2 * groove.TICKS_PER_QUARTER


def groove_features(music: NoteSequence, bar_steps: int, steps: int) -> Features:
    """Measure one performance; arguments as in ``drum_features``."""
    loudness = np.array([note.velocity for note in music.notes], dtype=np.float64)
    heard = loudness if len(loudness) else np.zeros(1)
    return {
        **drum_features(music, bar_steps, steps),
        "dynamics": float(heard.std()),
        "soft": float(np.mean(heard <= _SOFT)),
        "loud": float(np.mean(heard >= _LOUD)),
    }


def _on_grid(ids: Piece) -> NoteSequence:
    """Read event ids as a sequence quantized to sixteenths."""
    music = NoteSequence()
    music.quantization_info.steps_per_quarter = STEPS_PER_QUARTER
    for hit in groove.decode(ids):
        step = (hit.tick + 1) // groove.TICKS_PER_STEP
        music.notes.add(
            pitch=CLASSES[hit.kind].pitch,
            velocity=hit.velocity,
            is_drum=True,
            quantized_start_step=step,
            quantized_end_step=step + 1,
        )
        music.total_quantized_steps = step + 1
    return music


@dataclass(frozen=True)
class GrooveFeatures(GridFeatures):
    """Drum performances: on a grid, but heard with their own timing; see ``FeatureSet``."""

    def excerpts(self, pieces: Sequence[Piece], part: int = 1) -> list[NoteSequence]:
        """See ``FeatureSet.excerpts``."""
        whole = [self.whole(piece) for piece in pieces]
        lengths = [SAMPLE_BARS // part * self._bar(piece) / 8 for piece in pieces]
        return [
            cut(music, 0.0, length)
            for music, length in zip(whole, lengths, strict=True)
            if music.total_time >= length
        ]

    def whole(self, piece: Piece) -> NoteSequence:
        """See ``FeatureSet.whole``."""
        seconds = self._from_first_bar(piece).total_quantized_steps / 8
        return _played(piece[1:], METERS[self._meter(piece)], seconds)

    def drawn(
        self, generator: SequenceGenerator, pieces: Sequence[Piece], count: int
    ) -> Iterator[NoteSequence]:
        """See ``FeatureSet.drawn``; velocity and timing are as coarse as those of the pieces."""
        for music in generated(generator, [self._meter(piece) for piece in pieces], count):
            quarters = TempoMap(music).quarters([note.start_time for note in music.notes])
            mark = music.time_signatures[0]
            ids = groove.encode(groove.hits_of(music, quarters))
            yield _played(ids, (mark.numerator, mark.denominator), music.total_time)

    def _from_first_bar(self, piece: Piece) -> NoteSequence:
        music, bar = self.decode(piece[1:]), self._bar(piece)
        music.total_quantized_steps = -(-music.total_quantized_steps // bar) * bar
        return music


def _played(ids: Piece, meter: tuple[int, int], seconds: float) -> NoteSequence:
    """Return event ids as music at 120 quarter notes a minute."""
    music = NoteSequence(total_time=seconds)
    music.tempos.add(qpm=120.0)
    music.time_signatures.add(numerator=meter[0], denominator=meter[1])
    for hit in groove.decode(ids):
        place = max(hit.tick + hit.offset / groove.OFFSETS_PER_TICK, 0.0)
        music.notes.add(
            pitch=CLASSES[hit.kind].pitch,
            velocity=hit.velocity,
            is_drum=True,
            start_time=place / _TICKS_PER_SECOND,
            end_time=(place + groove.TICKS_PER_STEP) / _TICKS_PER_SECOND,
        )
    return music


def _begun(ids: Piece) -> NDArray[np.int64]:
    return (ids < groove.SHIFT).astype(np.int64)


GROOVE: Final = GrooveFeatures(
    noun=DRUMS.noun,
    labels={
        **DRUMS.labels,
        "dynamics": "spread of velocities",
        "soft": f"share of hits of velocity {_SOFT} or less",
        "loud": f"share of hits of velocity {_LOUD} or more",
    },
    checked=(*DRUMS.checked, "dynamics", "soft", "loud"),
    limits=(
        "Nine classes of drums, one hit of each on a sixteenth or triplet: no flams, no rolls of "
        "thirty-seconds.\nIt knows the place in the bar but not the tempo. It supports the meters "
        "of its training data, almost\nall 4/4."
    ),
    first_start_id=groove.EVENT_IDS,
    decode=_on_grid,
    rows=DRUMS.rows,
    measure=groove_features,
    upbeat=DRUMS.upbeat,
    note_onsets=_begun,
)
