"""Sampling and looking at music on the grid of sixteenths."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from magenta_bridge.arguments import write_argument
from magenta_bridge.encodings.meters import METERS, STEPS_PER_QUARTER, bar_steps
from magenta_bridge.evaluation.copying import Copying, Passage, measure_copying
from magenta_bridge.evaluation.features.statistics import Features
from magenta_bridge.evaluation.likelihood import Piece
from magenta_bridge.generators.generator import SequenceGenerator
from magenta_bridge.noteseq import GeneratorOptions, NoteSequence
from magenta_bridge.sequences.quantize import place, quantize
from magenta_bridge.sequences.sections import section_after
from magenta_bridge.sequences.tempo_map import TempoMap

SAMPLE_BARS: Final = 16
_LENGTHS: Final = {1: "sixteen bars", 2: "eight bars", 4: "four bars", 8: "two bars"}

Rows = Sequence[Hashable]


@dataclass(frozen=True)
class GridFeatures:
    """Music on a grid; see ``FeatureSet``.

    Attributes:
        first_start_id: Start id of the first meter.
        decode: From event ids to a quantized sequence.
        rows: From a quantized sequence and a number of steps to one value a step, equal where
            the same happens.
        measure: From a quantized sequence, its bar and its length in steps to its features.
        upbeat: From event ids to whether the piece begins with an upbeat bar.
        note_onsets: From event ids to how many notes begin with each.
    """

    noun: str
    labels: dict[str, str]
    checked: tuple[str, ...]
    limits: str
    first_start_id: int
    decode: Callable[[Piece], NoteSequence]
    rows: Callable[[NoteSequence, int], Rows]
    measure: Callable[[NoteSequence, int, int], Features]
    upbeat: Callable[[Piece], bool]
    note_onsets: Callable[[Piece], NDArray[np.int64]]
    length: str = _LENGTHS[1]

    def openings(self, pieces: Sequence[Piece]) -> list[Features]:
        """See ``FeatureSet.openings``; an upbeat is left out.

        Where no piece lasts sixteen bars, as in small folders, all are measured whole.
        """
        long = self._beginnings(pieces, SAMPLE_BARS)
        return [
            self.measure(music, self._bar(piece), _steps_of(music))
            for piece, music in long or [(each, self._from_first_bar(each)) for each in pieces]
        ]

    def length_of(self, part: int) -> str:
        """See ``FeatureSet.length_of``."""
        return _LENGTHS[part]

    def excerpts(self, pieces: Sequence[Piece], part: int = 1) -> list[NoteSequence]:
        """See ``FeatureSet.excerpts``."""
        return [
            _in_seconds(music, METERS[self._meter(piece)])
            for piece, music in self._beginnings(pieces, SAMPLE_BARS // part)
        ]

    def whole(self, piece: Piece) -> NoteSequence:
        """See ``FeatureSet.whole``."""
        return _in_seconds(self._from_first_bar(piece), METERS[self._meter(piece)])

    def drawn(
        self, generator: SequenceGenerator, pieces: Sequence[Piece], count: int
    ) -> Iterator[NoteSequence]:
        """See ``FeatureSet.drawn``."""
        meters = [self._meter(piece) for piece in pieces]
        for number, (music, bar) in enumerate(draw_samples(generator, meters, count)):
            music.total_quantized_steps = SAMPLE_BARS * bar
            yield _in_seconds(music, METERS[meters[number % len(meters)]])

    def samples(
        self, generator: SequenceGenerator, pieces: Sequence[Piece], count: int
    ) -> list[Features]:
        """See ``FeatureSet.samples``."""
        drawn = draw_samples(generator, [self._meter(piece) for piece in pieces], count)
        return [self.measure(music, bar, SAMPLE_BARS * bar) for music, bar in drawn]

    def copying(self, generator: SequenceGenerator, pieces: Sequence[Piece]) -> Copying:
        """See ``measure_copying``."""
        passages = (
            Passage(self._from_first_bar(piece), METERS[self._meter(piece)]) for piece in pieces
        )
        return measure_copying(generator, passages, self.rows)

    def _beginnings(self, pieces: Sequence[Piece], bars: int) -> list[tuple[Piece, NoteSequence]]:
        """Return pieces that last so many bars, and so many bars of each."""
        found = []
        for piece in pieces:
            music, steps = self._from_first_bar(piece), bars * self._bar(piece)
            if _steps_of(music) >= steps:
                found.append((piece, _window(music, 0, steps)))
        return found

    def _meter(self, piece: Piece) -> int:
        return int(piece[0]) - self.first_start_id

    def _bar(self, piece: Piece) -> int:
        return int(bar_steps(*METERS[self._meter(piece)]))

    def _from_first_bar(self, piece: Piece) -> NoteSequence:
        music = self.decode(piece[1:])
        first = self._bar(piece) if self.upbeat(piece[1:]) else 0
        return _window(music, first, music.total_quantized_steps)


def draw_samples(
    generator: SequenceGenerator, meters: Sequence[int], count: int
) -> Iterator[tuple[NoteSequence, int]]:
    """Draw music from nothing at the generator's own settings, with the seeds 0, 1, 2, ...

    Args:
        generator: A generator on the grid.
        meters: Indices in ``METERS``, taken in turn.
        count: How many to draw.

    Yields:
        ``SAMPLE_BARS`` bars, quantized, and the steps in a bar.
    """
    for number, music in enumerate(generated(generator, meters, count)):
        bar = int(bar_steps(*METERS[meters[number % len(meters)]]))
        yield quantize(music, STEPS_PER_QUARTER), bar


def generated(
    generator: SequenceGenerator, meters: Sequence[int], count: int
) -> Iterator[NoteSequence]:
    """Yield what ``draw_samples`` does, in seconds."""
    for seed in range(count):
        numerator, denominator = METERS[meters[seed % len(meters)]]
        frame = NoteSequence()
        frame.time_signatures.add(numerator=numerator, denominator=denominator)
        start, end = section_after(frame, SAMPLE_BARS)
        options = GeneratorOptions()
        options.generate_sections.add(start_time=start, end_time=end)
        write_argument(options, "seed", seed)
        music = generator.generate(frame, options)
        music.total_time = end
        yield music


def _in_seconds(music: NoteSequence, meter: tuple[int, int]) -> NoteSequence:
    """Place quantized music at 120 quarter notes a minute."""
    plain = NoteSequence(
        quantization_info=music.quantization_info, total_quantized_steps=_steps_of(music)
    )
    plain.notes.extend(music.notes)
    placed = place(plain, TempoMap(plain))
    placed.tempos.add(qpm=120.0)
    placed.time_signatures.add(numerator=meter[0], denominator=meter[1])
    return placed


def _steps_of(music: NoteSequence) -> int:
    return int(music.total_quantized_steps)


def _window(music: NoteSequence, first: int, end: int) -> NoteSequence:
    """Return the notes that begin in steps ``first`` to ``end``, counted from ``first`` on."""
    window = NoteSequence(quantization_info=music.quantization_info)
    for note in music.notes:
        if first <= note.quantized_start_step < end:
            kept = window.notes.add()
            kept.CopyFrom(note)
            kept.quantized_start_step -= first
            kept.quantized_end_step = min(note.quantized_end_step, end) - first
    window.total_quantized_steps = end - first
    return window
