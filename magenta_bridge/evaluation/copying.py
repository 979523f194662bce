"""Whether a generator continues a primer or repeats it."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from magenta_bridge.arguments import write_argument
from magenta_bridge.encodings.meters import STEPS_PER_QUARTER, bar_steps
from magenta_bridge.generators.generator import SequenceGenerator
from magenta_bridge.noteseq import GeneratorOptions, NoteSequence
from magenta_bridge.sequences.quantize import place, quantize
from magenta_bridge.sequences.sections import section_after
from magenta_bridge.sequences.tempo_map import TempoMap

PRIMER_BARS: Final = 8
_ALIKE: Final = 0.9

Rows = Sequence[Hashable]


@dataclass(frozen=True)
class Copying:
    """How often the bars after a primer repeat it.

    Attributes:
        generated: Share of generated continuations, 0..1.
        human: Share of the held-out pieces' own continuations, 0..1.
        primers: How many primers were continued.
    """

    generated: float
    human: float
    primers: int


@dataclass(frozen=True)
class Passage:
    """A quantized piece from a bar line on, and its meter."""

    music: NoteSequence
    meter: tuple[int, int]


def measure_copying(
    generator: SequenceGenerator,
    passages: Iterable[Passage],
    rows: Callable[[NoteSequence, int], Rows],
) -> Copying:
    """Continue the first eight bars of each piece by eight more, with the seeds 0, 1, 2, ...

    A continuation counts as a copy if nine of ten steps equal the primer's.

    Args:
        generator: A generator on the grid.
        passages: Held-out pieces; those shorter than sixteen bars are skipped.
        rows: From a quantized sequence and a number of steps to one value per step.
    """
    generated: list[bool] = []
    human: list[bool] = []
    for passage in passages:
        length = PRIMER_BARS * int(bar_steps(*passage.meter))
        if passage.music.total_quantized_steps < 2 * length:
            continue
        whole = rows(passage.music, 2 * length)
        answer = _continue(generator, passage, length, seed=len(generated))
        generated.append(_alike(whole[:length], rows(answer, 2 * length)[length:]))
        human.append(_alike(whole[:length], whole[length:]))
    count = max(len(generated), 1)
    return Copying(sum(generated) / count, sum(human) / count, len(generated))


def _alike(one: Rows, other: Rows) -> bool:
    same = sum(a == b for a, b in zip(one, other, strict=True))
    return same >= _ALIKE * len(one)


def _continue(
    generator: SequenceGenerator, passage: Passage, length: int, *, seed: int
) -> NoteSequence:
    """Return the continuation on the primer's grid, without the primer."""
    primer = NoteSequence(quantization_info=passage.music.quantization_info)
    for note in passage.music.notes:
        if note.quantized_start_step < length:
            primer.notes.add().CopyFrom(note)
            primer.notes[-1].quantized_end_step = min(note.quantized_end_step, length)
    primer.total_quantized_steps = length
    music = place(primer, TempoMap(primer))
    music.time_signatures.add(numerator=passage.meter[0], denominator=passage.meter[1])
    start, end = section_after(music, PRIMER_BARS)
    options = GeneratorOptions()
    options.generate_sections.add(start_time=start, end_time=end)
    write_argument(options, "seed", seed)
    return quantize(generator.generate(music, options), STEPS_PER_QUARTER)
