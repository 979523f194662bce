"""Measure sixteen bars of each encoding, with many steps per call and with one.

Each included generator that runs step by step continues two bars with sixteen, at 120 qpm, once
with its program's loop and once, alternating, with single steps whose ids are sampled in Python,
as in programs of earlier versions. Prints one JSON line per generator::

    python -m benchmarks.encodings
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import statistics
from collections.abc import Callable
from typing import Final, cast

from magenta_bridge.evaluation.latency import clock
from magenta_bridge.generators.bundle import Bundle, read_bundle, shipped_bundles
from magenta_bridge.generators.generator import SequenceGenerator
from magenta_bridge.generators.loading import load_generator
from magenta_bridge.noteseq import GeneratorOptions, NoteSequence
from magenta_bridge.runtime.program import StepProgram

_BAR_SECONDS: Final = 2.0
_PRIMER_BARS: Final = 2
_BARS: Final = 16
_MAKES_BARS: Final = "gan"


class SingleSteps(StepProgram):
    """A program that uses only its single step."""

    @property
    def loops(self) -> bool:
        """Return False."""
        return False


def _single(generator: SequenceGenerator, bundle: Bundle) -> SequenceGenerator:
    program = SingleSteps(bundle.program.flatbuffer)
    maker = cast("Callable[[Bundle], SequenceGenerator]", type(generator))
    return maker(dataclasses.replace(bundle, program=program))


def _request(drums: bool) -> tuple[NoteSequence, GeneratorOptions]:
    """Return two bars of eighths, and the options to generate sixteen more."""
    primer, options = NoteSequence(), GeneratorOptions()
    for index in range(8 * _PRIMER_BARS):
        begin = index * _BAR_SECONDS / 8
        pitch = (36, 42, 38, 42)[index % 4] if drums else 60 + index * 2 % 12
        end = begin + _BAR_SECONDS / 8
        primer.notes.add(pitch=pitch, velocity=90, start_time=begin, end_time=end, is_drum=drums)
    begin = _PRIMER_BARS * _BAR_SECONDS
    options.generate_sections.add(start_time=begin, end_time=begin + _BARS * _BAR_SECONDS)
    return primer, options


def _seconds(generator: SequenceGenerator, drums: bool) -> float:
    """Return the CPU time of the second of two requests, when caches are warm."""
    primer, options = _request(drums)
    generator.generate(primer, options)
    began = clock()
    generator.generate(primer, options)
    return clock() - began


def measure(bundle: Bundle, generator: SequenceGenerator, runs: int) -> dict[str, object]:
    """Measure both alternately; return medians."""
    drums = generator.info.encoding in ("drums", "groove")
    single = _single(generator, bundle)
    primer, options = _request(drums)
    times = [(_seconds(generator, drums), _seconds(single, drums)) for _ in range(runs)]
    many, one = (statistics.median(column) for column in zip(*times, strict=True))
    return {
        "benchmark": "encodings",
        "generator": bundle.id,
        "bars": _BARS,
        "runs": runs,
        "notes": len(generator.generate(primer, options).notes),
        "ms": round(many * 1e3, 1),
        "single_steps_ms": round(one * 1e3, 1),
        "ratio_to_single_steps": round(one / many, 2),
        "times_real_time": round(_BARS * _BAR_SECONDS / many),
    }


def main() -> None:
    """Read the command line and print the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--runs", type=int, default=11, help="number of measured runs per generator"
    )
    runs = max(1, parser.parse_args().runs)
    for path in shipped_bundles():
        bundle = read_bundle(path)
        if bundle.metadata["family"] != _MAKES_BARS:
            print(json.dumps(measure(bundle, load_generator(path), runs)), flush=True)


if __name__ == "__main__":
    main()
