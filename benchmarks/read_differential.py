"""Compare our readers with independent ones: random MIDI with mido, MusicXML with music21.

    python benchmarks/read_differential.py [--tracks 20000] [--scores ARCHIVE] [--files 100]

Prints how many files are equal, and for each other file what differs. The MIDI tracks have
every kind of event; the scores are those of a tar archive, by default lieder.tar.xz in the
folder that MAGENTA_BRIDGE_DATA names.

Measured with mido 1.3.3 and music21 10.5.1: 20,000 of 20,000 random tracks are equal. Of the first
100 lieder, 100 are equal as written and 99 as sounding; in the other, one tie from a chord to
another voice is joined by our reader and not by music21. With music21's own joining of ties and
lengths of measures, 29 are equal.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tarfile
import tempfile
import time
import warnings
from collections import Counter, defaultdict
from fractions import Fraction
from itertools import accumulate, zip_longest
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from magenta_bridge.errors import MagentaBridgeError
from magenta_bridge.formats import read
from magenta_bridge.formats.musicxml.part_scanner import PartScanner
from magenta_bridge.formats.musicxml.validate import read_score
from magenta_bridge.sequences.tempo_map import TempoMap

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.formats.random_tracks import midos_music, our_music, random_file

DATA = os.environ.get("MAGENTA_BRIDGE_DATA") or Path(__file__).parents[2] / "shared" / "data"

# Measure, start in it and length in thousandths of a quarter note, and pitch.
Written = Counter[tuple[int, int, int, int]]
# Start and end in thousandths of a quarter note, and pitch.
Sounding = Counter[tuple[int, int, int]]


def compare_tracks(count: int, seed: int) -> None:
    """Print how many random tracks both readers read alike."""
    rng = random.Random(seed)  # noqa: S311 - reproducible
    equal, seconds = 0, [0.0, 0.0]
    for _ in range(count):
        drawn, plain = random_file(rng)
        begun = time.perf_counter()
        ours = our_music(drawn)
        read_at = time.perf_counter()
        theirs = midos_music(plain)
        seconds = [seconds[0] + read_at - begun, seconds[1] + time.perf_counter() - read_at]
        equal += ours == theirs
    print(f"MIDI: {equal:,} of {count:,} random tracks equal to mido's reading", end="; ")
    print(f"mido takes {seconds[1] / seconds[0]:.1f} times as long.")


def compare_scores(archive: Path, files: int) -> None:
    """Print how many scores of an archive both readers read alike, and what differs.

    Written notes are compared measure by measure; cue notes sound for both, since
    music21 does not mark them. Sounding notes have their ties joined and their
    place in the piece. There, music21's ``stripTies`` leaves ties apart in some chords and
    voices or joins notes across voices, and music21 fills up short measures that are not marked
    as implicit. So sounding notes are compared twice: as music21 has them, and from its written
    notes, with measures as long as their contents and each tie joined to the note that ends there.
    """
    outcomes: Counter[str] = Counter()
    seconds = [0.0, 0.0]
    with tarfile.open(archive) as opened, tempfile.TemporaryDirectory() as folder:
        for member in opened:
            stream = opened.extractfile(member) if member.name.endswith(".mxl") else None
            if stream is None or outcomes["files"] == files:
                continue
            outcomes["files"] += 1
            score = read_score(stream.read(), member.name)
            for note in score.iter("note"):
                for cue in note.findall("cue"):
                    note.remove(cue)
                    ties = note.findall("notations/tied")
                    note.extend([ET.Element("tie", type=tied.get("type", "")) for tied in ties])
            path = Path(folder) / "score.musicxml"
            ET.ElementTree(score).write(path)
            begun = time.perf_counter()
            try:
                ours = our_sounding(path)
            except MagentaBridgeError as error:
                outcomes["refused by ours"] += 1
                print(f"{member.name}: {error.message}")
                continue
            read_at = time.perf_counter()
            written, joined, sounding = music21s_notes(path)
            seconds = [seconds[0] + read_at - begun, seconds[1] + time.perf_counter() - read_at]
            outcomes["equal as written"] += _same(our_written(path), written, member.name)
            outcomes["equal as sounding"] += _same(ours, joined, member.name)
            outcomes["equal to music21's own sounding notes"] += ours == sounding
    print(f"MusicXML: {dict(outcomes)}; music21 takes {seconds[1] / seconds[0]:.0f} times as long.")


def _same(ours: Counter[Any], theirs: Counter[Any], what: str) -> bool:
    if ours == theirs:
        return True
    only = (sorted((ours - theirs).elements()), sorted((theirs - ours).elements()))
    print(f"{what}: {len(only[0])} of {ours.total()} notes only ours, such as {only[0][:3]}")
    print(f"{what}: {len(only[1])} only music21's, such as {only[1][:3]}", flush=True)
    return False


def our_written(path: Path) -> Written:
    """Return the pitched notes that our scanner finds in each measure."""
    found: Written = Counter()
    for part in read_score(path.read_bytes(), path.name).findall("part"):
        scanner = PartScanner(None, Counter())
        for index, element in enumerate(part.findall("measure")):
            for note in scanner.scan(element).notes:
                length = float(note.end - note.start)
                key = (index, round(float(note.start) * 1000), round(length * 1000), note.pitch)
                found[key] += not note.is_drum
    return found


def our_sounding(path: Path) -> Sounding:
    """Return the pitched notes that our reader finds."""
    sequence = read(path)
    tempo = TempoMap(sequence)
    pitched = [note for note in sequence.notes if not note.is_drum]
    starts = tempo.quarters([note.start_time for note in pitched]).tolist()
    ends = tempo.quarters([note.end_time for note in pitched]).tolist()
    return Counter(
        (round(start * 1000), round(end * 1000), note.pitch)
        for note, start, end in zip(pitched, starts, ends, strict=True)
    )


def music21s_notes(path: Path) -> tuple[Written, Sounding, Sounding]:
    """Return the pitched notes that music21 finds, at sounding pitch and without grace notes.

    Returns:
        Written notes, the same with their ties joined, and music21's own sounding notes.
    """
    from music21 import converter

    written: Written = Counter()
    sounding: Sounding = Counter()
    parts = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        score = converter.parse(path, forceSource=True).toSoundingPitch()
        for part in score.parts:
            measures = list(part.getElementsByClass("Measure"))
            lengths = [
                (_length(each), Fraction(each.barDuration.quarterLength)) for each in measures
            ]
            rows = []
            for index, measure in enumerate(measures):
                for note in filter(_sounds, measure.recurse().notes):
                    start = Fraction(note.getOffsetInHierarchy(measure))
                    length = Fraction(note.duration.quarterLength)
                    for each in getattr(note, "notes", [note]):
                        tie = each.tie.type if each.tie is not None else ""
                        rows.append((index, start, length, each.pitch.midi, tie))
                        written[index, _thousandths(start), _thousandths(length), rows[-1][3]] += 1
            parts.append((lengths, rows))
            for note in filter(_sounds, part.stripTies().flatten().notes):
                end = _thousandths(note.offset + note.duration.quarterLength)
                sounding.update(
                    (_thousandths(note.offset), end, each.midi) for each in note.pitches
                )
    return written, _joined(parts), sounding


def _length(measure: Any) -> Fraction:  # noqa: ANN401 - music21 is imported late
    """Return where a measure ends; 0 for rests alone, which music21 makes as long as the meter."""
    ends = [
        Fraction(each.getOffsetInHierarchy(measure)) + Fraction(each.duration.quarterLength)
        for each in measure.recurse().notesAndRests
    ]
    rests = not measure.recurse().notes
    return Fraction(0) if rests else max(ends, default=Fraction(0))


def _thousandths(quarters: float | Fraction) -> int:
    return round(float(quarters) * 1000)


def _joined(
    parts: list[
        tuple[list[tuple[Fraction, Fraction]], list[tuple[int, Fraction, Fraction, int, str]]]
    ],
) -> Sounding:
    columns = zip_longest(*(lengths for lengths, _ in parts), fillvalue=(Fraction(0), Fraction(0)))
    longest = [max(column)[0] or max(bar for _, bar in column) for column in columns]
    starts = list(accumulate(longest, initial=Fraction(0)))
    found: Sounding = Counter()
    for _, rows in parts:
        ends: dict[tuple[int, Fraction], list[list[Any]]] = defaultdict(list)
        notes: list[list[Any]] = []
        for index, start, length, pitch, tie in sorted(
            rows, key=lambda row: starts[row[0]] + row[1]
        ):
            begin = Fraction(starts[index] + start)
            waiting = ends[pitch, begin] if tie in ("stop", "continue") else []
            note = waiting.pop(0) if waiting else [begin, begin, pitch]
            if note[0] == begin:
                notes.append(note)
            note[1] = end = Fraction(begin + length)
            if tie in ("start", "continue"):
                ends[pitch, end].append(note)
        found.update((_thousandths(note[0]), _thousandths(note[1]), note[2]) for note in notes)
    return found


def _sounds(note: Any) -> bool:  # noqa: ANN401 - music21 is imported late
    """Return whether music21's note is one: chord symbols are notes there, too."""
    return not (note.duration.isGrace or "ChordSymbol" in note.classes)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tracks", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=0)
    default = Path(DATA) / "lieder.tar.xz"
    parser.add_argument("--scores", type=Path, default=default, help="a tar archive of .mxl files")
    parser.add_argument("--files", type=int, default=100)
    chosen = parser.parse_args()
    compare_tracks(chosen.tracks, chosen.seed)
    if chosen.scores.is_file():
        compare_scores(chosen.scores, chosen.files)
