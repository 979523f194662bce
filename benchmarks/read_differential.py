"""Compare our readers with independent ones: random MIDI with mido, MusicXML with music21.

    python benchmarks/read_differential.py [--tracks 20000] [--scores ARCHIVE] [--files 100]

Prints how many files are equal, and for each other file what differs. The MIDI tracks have
every kind of event; the scores are those of a tar archive, by default lieder.tar.xz in the
folder that MAGENTA_BRIDGE_DATA names.
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
from collections import Counter
from pathlib import Path

from magenta_bridge.errors import MagentaBridgeError
from magenta_bridge.formats import read
from magenta_bridge.sequences.tempo_map import TempoMap

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.formats.random_tracks import midos_music, our_music, random_file

DATA = os.environ.get("MAGENTA_BRIDGE_DATA") or Path(__file__).parents[2] / "shared" / "data"

# Start and end in thousandths of a quarter note, and pitch.
Sounds = Counter[tuple[int, int, int]]


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
    """Print how many scores of an archive both readers read alike, and what differs."""
    outcomes: Counter[str] = Counter()
    seconds = [0.0, 0.0]
    with tarfile.open(archive) as opened, tempfile.TemporaryDirectory() as folder:
        for member in opened:
            stream = opened.extractfile(member) if member.name.endswith(".mxl") else None
            if stream is None or outcomes.total() == files:
                continue
            path = Path(folder) / "score.mxl"
            path.write_bytes(stream.read())
            begun = time.perf_counter()
            try:
                ours = our_sounds(path)
            except MagentaBridgeError as error:
                outcomes["refused by ours"] += 1
                print(f"{member.name}: refused: {error.message}")
                continue
            read_at = time.perf_counter()
            try:
                theirs = music21s_sounds(path)
            except Exception as error:  # noqa: BLE001 - whatever the other reader raises
                outcomes["refused by music21"] += 1
                print(f"{member.name}: music21 refuses: {error!r}")
                continue
            seconds = [seconds[0] + read_at - begun, seconds[1] + time.perf_counter() - read_at]
            outcomes["equal" if ours == theirs else "different"] += 1
            if ours != theirs:
                only = (sorted(ours - theirs), sorted(theirs - ours))
                print(
                    f"{member.name}: of {ours.total()} notes, {len(only[0])} only ours "
                    f"{only[0][:3]}, {len(only[1])} only music21's {only[1][:3]}"
                )
    print(f"MusicXML: {dict(outcomes)}; music21 takes {seconds[1] / seconds[0]:.0f} times as long.")


def our_sounds(path: Path) -> Sounds:
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


def music21s_sounds(path: Path) -> Sounds:
    """Return the pitched notes that music21 finds: at sounding pitch, ties joined, no grace."""
    from music21 import converter

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        score = converter.parse(path, forceSource=True).toSoundingPitch()
        found: Sounds = Counter()
        for part in score.parts:
            for element in part.stripTies().flatten().notes:
                if element.duration.isGrace or element.style.noteSize == "cue":
                    continue
                start = float(element.offset)
                end = start + float(element.duration.quarterLength)
                for pitch in getattr(element, "pitches", ()):
                    found[round(start * 1000), round(end * 1000), pitch.midi] += 1
    return found


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
