"""Melodies drawn from a generator as its users draw them, to be measured beside human ones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from magenta_bridge.encodings import melody
from magenta_bridge.evaluation.features import Features, features_of
from magenta_bridge.evaluation.score import Piece
from magenta_bridge.generators.arguments import write_argument
from magenta_bridge.generators.generator import SequenceGenerator
from magenta_bridge.noteseq import GeneratorOptions, NoteSequence
from magenta_bridge.sequences.quantize import quantize
from magenta_bridge.sequences.sections import section_after

SAMPLE_BARS: Final = 16


def draw_melodies(
    generator: SequenceGenerator, meters: Sequence[int], count: int
) -> Iterator[tuple[NDArray[np.int32], int]]:
    """Draws melodies from nothing at the generator's own settings, with the seeds 0, 1, 2, ...

    Args:
        generator: A generator of the melody encoding.
        meters: Indices in ``melody.METERS``, taken in turn.
        count: How many to draw.

    Yields:
        Event ids of ``SAMPLE_BARS`` bars, and the steps in a bar.
    """
    for seed in range(count):
        numerator, denominator = melody.METERS[meters[seed % len(meters)]]
        frame = NoteSequence()
        frame.time_signatures.add(numerator=numerator, denominator=denominator)
        start, end = section_after(frame, SAMPLE_BARS)
        options = GeneratorOptions()
        options.generate_sections.add(start_time=start, end_time=end)
        write_argument(options, "seed", seed)
        drawn = quantize(generator.generate(frame, options), melody.STEPS_PER_QUARTER)
        bar = int(melody.bar_steps(numerator, denominator))
        yield melody.encode(drawn, end_step=SAMPLE_BARS * bar), bar


def opening_features(pieces: Sequence[Piece]) -> list[Features]:
    """Measures the first ``SAMPLE_BARS`` full bars of human pieces, without their upbeat."""
    measured = []
    for piece in pieces:
        bar = int(melody.bar_steps(*melody.METERS[int(piece[0]) - melody.EVENT_IDS]))
        opening = without_upbeat(piece)[: SAMPLE_BARS * bar]
        if len(opening) == SAMPLE_BARS * bar:
            measured.append(features_of(opening, bar))
    return measured


def without_upbeat(piece: Piece) -> NDArray[np.int32]:
    """Returns a piece's event ids from its first full bar on, without the start id."""
    bar = int(melody.bar_steps(*melody.METERS[int(piece[0]) - melody.EVENT_IDS]))
    rests = len(piece) > 1 and piece[1] == melody.NO_EVENT + melody.EVENT_OFFSET
    return piece[1 + bar if rests else 1 :]
