"""What the generators write at low and high temperatures, next to what people write.

Each shipped generator writes eight bars from nothing and after each of 20 primers, at each
temperature. Prints one JSON line per generator and temperature::

    python -m benchmarks.temperature

With music of people, prints the same figures of each eight bars of it, by their percentiles; the
bounds in ``generators/guard.py`` are from this table::

    python -m benchmarks.temperature --people fiddle --encoding melody
"""

from __future__ import annotations

import argparse
import itertools
import json
import statistics
from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from magenta_bridge.data.corpus import CorpusReport, read_corpus
from magenta_bridge.data.dataset import dataset_for
from magenta_bridge.encodings import drums, groove, melody, performance, polyphony
from magenta_bridge.encodings.drums import CLASSES
from magenta_bridge.formats import read
from magenta_bridge.generators.generator import SequenceGenerator
from magenta_bridge.generators.loading import load_registry
from magenta_bridge.noteseq import GeneratorOptions, NoteSequence
from magenta_bridge.sequences.edit import cut
from magenta_bridge.sequences.sections import section_after

TEMPERATURES: Final = (0.0, 0.2, 0.5, 1.0, 1.5)
_DRUMS = ("drums", "groove")
PRIMERS: Final = 20
BARS: Final = 8
_QUARTERS: Final = 4 * BARS
_WINDOW: Final = 32
_MUSIC: Final = Path(__file__).parents[1] / "tests" / "data" / "midi"
_NO_MELODY: Final = ("empty_track", "long_melody", "straight_beat", "tempo_changes")
_PERCENTILES: Final = (50, 90, 99, 99.9)
Line = list[tuple[float, Hashable]]


@dataclass(frozen=True)
class Figures:
    """What a section of music is like.

    Attributes:
        notes: Number of notes.
        gap: Longest time without the start of a note, in quarter notes.
        run: Most consecutive onsets of one pitch (of one set of drums) in a line.
        common: Largest share of one pitch among 32 consecutive onsets of a line, 0..1.
        loop: Most consecutive onsets of a line that repeat the pitches one, two, three or four
            onsets before.
    """

    notes: int
    gap: float
    run: int
    common: float
    loop: int


def figures(music: NoteSequence, start: float, end: float) -> Figures:
    """Return the figures of a section from ``start`` to ``end``, in quarter notes.

    Args:
        music: The section; its times are quarter notes.
        start: Start of the section.
        end: End of the section.
    """
    lines = lines_of(music)
    times = sorted({time for line in lines for time, _ in line})
    edges = [start, *times, end]
    return Figures(
        notes=len(music.notes),
        gap=max(there - here for here, there in itertools.pairwise(edges)),
        run=max((_longest_repeat(line, 1) + 1 for line in lines), default=0),
        common=max((_common(line) for line in lines), default=0.0),
        loop=max((_longest_repeat(line, n) for line in lines for n in (1, 2, 3, 4)), default=0),
    )


def lines_of(music: NoteSequence) -> list[Line]:
    """Return the top line of each instrument; of drums, the sets that are struck together."""
    struck: dict[tuple[bool, int], dict[float, set[int]]] = {}
    for note in music.notes:
        line = struck.setdefault((note.is_drum, note.instrument), {})
        line.setdefault(round(note.start_time, 3), set()).add(note.pitch)
    return [
        [(time, frozenset(found) if drum else max(found)) for time, found in sorted(line.items())]
        for (drum, _), line in struck.items()
    ]


def _longest_repeat(line: Line, period: int) -> int:
    longest = length = 0
    for (_, here), (_, there) in zip(line, line[period:], strict=False):
        length = length + 1 if here == there else 0
        longest = max(longest, length)
    return longest


def _common(line: Line) -> float:
    pitches = [pitch for _, pitch in line]
    windows = range(max(len(pitches) - _WINDOW, 0) + 1) if len(pitches) >= _WINDOW else ()
    counts = (Counter(pitches[at : at + _WINDOW]).most_common(1)[0][1] for at in windows)
    return max(counts, default=0) / _WINDOW


def primers(generator: SequenceGenerator) -> list[NoteSequence]:
    """Return an empty primer and 20 others: tunes, or for drums grooves of their generator."""
    nothing = NoteSequence()
    if generator.info.encoding not in _DRUMS:
        files = [path for path in sorted(_MUSIC.glob("*.mid")) if path.stem not in _NO_MELODY]
        files += sorted((_MUSIC / "tunes").glob("*.mid"))
        return [nothing, *map(read, files[:PRIMERS])]
    grooves = [
        _generated(generator, nothing, 2, temperature=1.0, seed=seed) for seed in range(PRIMERS - 1)
    ]
    return [nothing, read(_MUSIC / "straight_beat.mid"), *grooves]


def _generated(
    generator: SequenceGenerator,
    primer: NoteSequence,
    bars: int,
    *,
    temperature: float,
    seed: int,
) -> NoteSequence:
    options = GeneratorOptions()
    start, end = section_after(primer, bars)
    options.generate_sections.add(start_time=start, end_time=end)
    options.args["temperature"].float_value = temperature
    options.args["seed"].int_value = seed
    return generator.generate(primer, options)


def measured(
    generator: SequenceGenerator, temperature: float, seed: int = 0
) -> Iterator[tuple[NoteSequence, NoteSequence, Figures]]:
    """Yield each primer, the eight bars that follow it, and their figures."""
    for primer in primers(generator):
        music = _generated(generator, primer, BARS, temperature=temperature, seed=seed)
        start, end = section_after(primer, BARS)
        bar = (end - start) / BARS
        # A bar counts as four quarters, whatever its meter is.
        quarters = NoteSequence()
        quarters.CopyFrom(cut(music, start, end))
        for note in quarters.notes:
            note.start_time, note.end_time = note.start_time / bar * 4, note.end_time / bar * 4
        yield primer, music, figures(quarters, 0.0, _QUARTERS)


def _register(music: NoteSequence) -> float:
    return statistics.median(note.pitch for note in music.notes)


def write_line(generator: SequenceGenerator, temperature: float, seed: int) -> None:
    """Measure a generator at a temperature, and print the line."""
    found = list(measured(generator, temperature, seed))
    moved = [
        abs(_register(music) - _register(primer))
        for primer, music, _ in found
        if primer.notes and music.notes and generator.info.encoding not in _DRUMS
    ]
    each = [figure for _, _, figure in found]
    line = {
        "benchmark": "temperature",
        "generator": generator.info.id,
        "temperature": temperature,
        "sections": len(each),
        "fewest_notes": min(figure.notes for figure in each),
        "without_notes_in_two_bars": sum(figure.gap > 8.001 for figure in each),
        "longest_gap_quarters": round(max(figure.gap for figure in each), 2),
        "longest_run": max(figure.run for figure in each),
        "largest_share_of_32": max(figure.common for figure in each),
        "longest_loop": max(figure.loop for figure in each),
        "median_notes": statistics.median(figure.notes for figure in each),
        "most_semitones_from_primer": max(moved, default=None),
    }
    print(json.dumps(line), flush=True)


def _pieces_of_people(folder: Path, encoding: str) -> Iterator[NoteSequence]:
    """Yield music as notes whose times are quarter notes, or half seconds."""
    decode = {"drums": drums.decode, "melody": melody.decode, "polyphony": polyphony.decode}
    for tune in dataset_for(encoding).tunes_of(read_corpus(folder, CorpusReport())):
        if encoding == "performance":
            music = performance.decode(tune.ids)
            for note in music.notes:
                note.start_time, note.end_time = note.start_time * 2, note.end_time * 2
            yield music
            continue
        if encoding == "groove":
            hits = groove.decode(tune.ids)
            yield NoteSequence(
                notes=[
                    NoteSequence.Note(
                        pitch=CLASSES[hit.kind].pitch,
                        is_drum=True,
                        start_time=hit.tick / groove.TICKS_PER_QUARTER,
                        end_time=(hit.tick + 1) / groove.TICKS_PER_QUARTER,
                    )
                    for hit in hits
                ]
            )
            continue
        rows = [tune.ids[0::2], tune.ids[1::2]] if encoding == "duo" else [tune.ids]
        music = NoteSequence()
        for number, row in enumerate(rows):
            for note in decode.get(encoding, melody.decode)(row).notes:
                note.start_time, note.end_time = (
                    note.quantized_start_step / 4,
                    note.quantized_end_step / 4,
                )
                note.instrument = number
                music.notes.add().CopyFrom(note)
        yield music


def write_people(folder: Path, encoding: str) -> None:
    """Print the percentiles of the figures of music of people."""
    found = []
    for music in _pieces_of_people(folder, encoding):
        end = max((note.end_time for note in music.notes), default=0.0)
        for start in np.arange(0.0, end - _QUARTERS + 1e-6, _QUARTERS):
            section = NoteSequence()
            section.notes.extend(
                note for note in music.notes if start <= note.start_time < start + _QUARTERS
            )
            found.append(figures(section, float(start), float(start) + _QUARTERS))
    for name in ("notes", "gap", "run", "common", "loop"):
        values = np.percentile([getattr(each, name) for each in found], _PERCENTILES)
        print(
            json.dumps(
                {
                    "people": folder.name,
                    "encoding": encoding,
                    "sections": len(found),
                    "figure": name,
                    **{
                        f"p{at:g}": round(float(v), 3)
                        for at, v in zip(_PERCENTILES, values, strict=True)
                    },
                }
            )
        )


def main(arguments: Sequence[str] | None = None) -> None:
    """Parse the command line, and measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--people", type=Path, help="a folder of music to measure instead")
    parser.add_argument("--encoding", default="melody", help="how that music is read")
    parser.add_argument("--generators", nargs="*", help="ids; all by default")
    parser.add_argument("--temperatures", nargs="*", type=float, default=TEMPERATURES)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    if options.people is not None:
        write_people(options.people, options.encoding)
        return
    for generator in load_registry().list():
        if not options.generators or generator.info.id in options.generators:
            for temperature in options.temperatures:
                write_line(generator, temperature, options.seed)


if __name__ == "__main__":
    main()
