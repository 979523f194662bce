"""Whether a generator goes on from a primer, or plays it again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from magenta_bridge.encodings import melody
from magenta_bridge.evaluation.samples import without_upbeat
from magenta_bridge.evaluation.score import Piece
from magenta_bridge.generators.arguments import write_argument
from magenta_bridge.generators.generator import SequenceGenerator
from magenta_bridge.noteseq import GeneratorOptions
from magenta_bridge.sequences.quantize import place, quantize
from magenta_bridge.sequences.sections import section_after
from magenta_bridge.sequences.tempo_map import TempoMap

PRIMER_BARS: Final = 8
_ALIKE: Final = 0.9


@dataclass(frozen=True)
class Copying:
    """How often the bars after a primer are the primer again.

    Attributes:
        generated: Share of generated continuations, 0..1.
        human: Share of the held-out pieces' own continuations, 0..1.
        primers: How many primers were continued.
    """

    generated: float
    human: float
    primers: int


def measure_copying(generator: SequenceGenerator, pieces: Sequence[Piece]) -> Copying:
    """Continues the first eight bars of each piece by eight more, with the seeds 0, 1, 2, ...

    A continuation counts as a copy when nine in ten of its steps are the primer's.

    Args:
        generator: A generator of the melody encoding.
        pieces: Held-out pieces; those under sixteen bars are passed over.
    """
    generated: list[bool] = []
    human: list[bool] = []
    for piece in pieces:
        meter = melody.METERS[int(piece[0]) - melody.EVENT_IDS]
        length = PRIMER_BARS * int(melody.bar_steps(*meter))
        ids = without_upbeat(piece)
        if len(ids) < 2 * length:
            continue
        primer, following = ids[:length], ids[length : 2 * length]
        answer = _continue(generator, primer, meter, seed=len(generated))
        generated.append(_alike(primer, answer))
        human.append(_alike(primer, following))
    count = max(len(generated), 1)
    return Copying(sum(generated) / count, sum(human) / count, len(generated))


def _alike(one: NDArray[np.int32], other: NDArray[np.int32]) -> bool:
    return float((one == other).mean()) >= _ALIKE


def _continue(
    generator: SequenceGenerator, primer: NDArray[np.int32], meter: tuple[int, int], *, seed: int
) -> NDArray[np.int32]:
    music = melody.decode(primer)
    music = place(music, TempoMap(music))
    music.time_signatures.add(numerator=meter[0], denominator=meter[1])
    start, end = section_after(music, PRIMER_BARS)
    options = GeneratorOptions()
    options.generate_sections.add(start_time=start, end_time=end)
    write_argument(options, "seed", seed)
    answer = quantize(generator.generate(music, options), melody.STEPS_PER_QUARTER)
    return melody.encode(answer, start_step=len(primer), end_step=2 * len(primer))
