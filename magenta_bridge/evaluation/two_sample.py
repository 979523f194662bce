"""How well a small classifier tells a generator's music from people's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np

from magenta_bridge.evaluation.features.base import FeatureSet
from magenta_bridge.evaluation.features.grid import SAMPLE_BARS
from magenta_bridge.evaluation.features.performance import SAMPLE_SECONDS
from magenta_bridge.evaluation.likelihood import Piece
from magenta_bridge.evaluation.metrics.piece_features import piece_features
from magenta_bridge.evaluation.metrics.two_sample import Sample, two_sample_auc
from magenta_bridge.generators.generator import SequenceGenerator
from magenta_bridge.noteseq import NoteSequence
from magenta_bridge.sequences.edit import cut

SAMPLES: Final = 200
_FEWEST_PIECES: Final = 20
_SEED: Final = 7
_QUARTERS_PER_SECOND: Final = 2.0  # of human pieces and samples alike
_ROUNDING: Final = 1e-6

_Excerpt: TypeAlias = tuple[int, NoteSequence]  # the number of its piece, and its music


@dataclass(frozen=True)
class TwoSampleTest:
    """Areas under the ROC curve of a classifier, 0.5 where two sets are alike, 1 at most.

    Attributes:
        ours: Of generated music against held-out pieces.
        people: Of other human pieces against the same held-out pieces.
        samples: Generated pieces.
        held_out: Excerpts of held-out pieces.
        others: Excerpts of other human pieces.
    """

    ours: float
    people: float
    samples: int
    held_out: int
    others: int

    def __str__(self) -> str:
        return (
            f"A classifier tells {self.samples} samples from {self.held_out} excerpts of held-out "
            f"pieces with an AUC of {self.ours:.2f}, and {self.others} excerpts of other human "
            f"pieces from the same with {self.people:.2f} (0.50: cannot be distinguished)."
        )


def tell_apart(
    features: FeatureSet,
    generator: SequenceGenerator,
    held_out: Sequence[Piece],
    others: Sequence[Piece],
    *,
    samples: int = SAMPLES,
) -> TwoSampleTest | None:
    """Return the two-sample test of music from nothing, at the generator's own settings.

    Human pieces are cut into excerpts of the samples' length. Velocities count if people's differ:
    ids of most encodings hold none.

    Args:
        features: How music of the encoding is looked at.
        generator: The generator.
        held_out: Held-out human pieces.
        others: Other human pieces, as control.
        samples: How many pieces to generate; as many of the others are taken at most.

    Returns:
        The test; None if fewer than 20 pieces of either kind are long enough.
    """
    chosen = np.random.default_rng(_SEED).permutation(len(others))[:samples]
    people, control = (
        _excerpts(features, held_out),
        _excerpts(features, [others[n] for n in chosen]),
    )
    if min(len({group for group, _ in each}) for each in (people, control)) < _FEWEST_PIECES:
        return None
    is_played = len({note.velocity for _, music in people for note in music.notes}) > 1
    made = list(enumerate(features.drawn(generator, held_out, samples)))
    ours, theirs, goal = (_sample(each, is_played) for each in (made, control, people))
    return TwoSampleTest(
        ours=two_sample_auc(ours, goal),
        people=two_sample_auc(theirs, goal),
        samples=len(made),
        held_out=len(people),
        others=len(control),
    )


def _excerpts(features: FeatureSet, pieces: Sequence[Piece]) -> list[_Excerpt]:
    return [
        (index, part)
        for index, piece in enumerate(pieces)
        for part in _parts(features.whole(piece))
    ]


def _parts(music: NoteSequence) -> Iterator[NoteSequence]:
    length = SAMPLE_SECONDS
    for mark in music.time_signatures[:1]:
        bar = 4.0 * mark.numerator / mark.denominator
        length = SAMPLE_BARS * bar / _QUARTERS_PER_SECOND
    for index in range(int(music.total_time / length + _ROUNDING)):
        yield cut(music, index * length, (index + 1) * length)


def _sample(pieces: Sequence[_Excerpt], is_played: bool) -> Sample:
    rows = [piece_features(music, with_dynamics=is_played) for _, music in pieces]
    return Sample(np.array(rows), [group for group, _ in pieces])
