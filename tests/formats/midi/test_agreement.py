"""Our reader and note_seq's tell the same music from the same files.

The files are the test music and, where they lie beside the repository or in the folder that
MAGENTA_BRIDGE_DATA names, a few dozen tunes of each data set.
"""

from __future__ import annotations

import importlib
import itertools
import os
import tarfile
import warnings
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from magenta_bridge.formats.midi import midi_to_note_sequence
from magenta_bridge.formats.midi.tempo import SecondClock
from magenta_bridge.noteseq import NoteSequence

MUSIC = Path(__file__).parents[2] / "data" / "midi"
ARCHIVES = ("fiddle", "piano_midi_de", "groove")
FILES_OF_EACH = 36
LARGEST_FILE_BYTES = 16_000  # note_seq takes a second for a long sonata

Reader = Callable[[bytes], NoteSequence]
# Start and pitch; with velocity and end, which is -1 where the readers may differ.
Strike = tuple[int, int]
Sound = tuple[int, int, int, int]


def data_folder() -> Path:
    """Return where archives of real music are, if there are any."""
    named = os.environ.get("MAGENTA_BRIDGE_DATA")
    return Path(named) if named else Path(__file__).parents[4] / "shared" / "data"


def archives() -> list[Path]:
    """Return the archives that are present."""
    files = [data_folder() / f"{name}.tar.xz" for name in ARCHIVES]
    return [file for file in files if file.is_file()]


def tunes(archive: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the first files of an archive."""
    with tarfile.open(archive) as opened:
        small = (member for member in opened if member.size <= LARGEST_FILE_BYTES)
        files = (member for member in small if member.name.endswith((".mid", ".midi")))
        for member in itertools.islice(files, FILES_OF_EACH):
            stream = opened.extractfile(member)
            assert stream is not None
            yield member.name, stream.read()


@pytest.fixture(scope="module")
def reference() -> Reader:
    """note_seq's reader."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its dependencies warn about each other
        module = importlib.import_module("note_seq.midi_io")
    reader: Reader = module.midi_to_note_sequence
    return reader


@pytest.mark.parametrize("path", sorted(MUSIC.glob("*.mid")), ids=lambda path: path.stem)
def test_readers_agree_on_the_test_music(path: Path, reference: Reader) -> None:
    assert_agreement(path.name, path.read_bytes(), reference)


def test_readers_agree_on_real_music(reference: Reader) -> None:
    """On the archives that are at hand; without any, the test music above must do."""
    for archive in archives():
        for name, data in tunes(archive):
            assert_agreement(name, data, reference)


def assert_agreement(name: str, data: bytes, reference: Reader) -> None:
    """Compare what both readers make of one file, times to the tick."""
    ours, theirs = midi_to_note_sequence(data), reference(data)
    clock = SecondClock(ours.ticks_per_quarter, ours.tempos)
    assert ours.ticks_per_quarter == theirs.ticks_per_quarter, name
    assert tempos(ours, clock) == tempos(theirs, clock), name
    assert meters(ours, clock) == meters(theirs, clock), name
    assert keys(ours, clock) == keys(theirs, clock), name
    doubtful = overlapping(ours, clock)
    assert sounding(ours, clock, doubtful) == sounding(theirs, clock, doubtful), name


def tempos(sequence: NoteSequence, clock: SecondClock) -> list[tuple[int, int]]:
    """Return tempo changes in microseconds; note_seq knows no change to the same tempo."""
    changes = {int(clock.ticks(t.time)): round(60_000_000 / t.qpm) for t in sequence.tempos}
    kept: list[tuple[int, int]] = []
    for tick, tempo in changes.items():
        if not kept or kept[-1][1] != tempo:
            kept.append((tick, tempo))
    return kept


def meters(sequence: NoteSequence, clock: SecondClock) -> list[tuple[int, int, int]]:
    """Return the time signatures."""
    rows = sequence.time_signatures
    return sorted((int(clock.ticks(row.time)), row.numerator, row.denominator) for row in rows)


def keys(sequence: NoteSequence, clock: SecondClock) -> list[tuple[int, int, int]]:
    """Return the key signatures."""
    rows = sequence.key_signatures
    return sorted((int(clock.ticks(row.time)), row.key, row.mode) for row in rows)


def sounding(
    sequence: NoteSequence, clock: SecondClock, doubtful: set[Strike]
) -> Counter[tuple[object, ...]]:
    """Return the instruments, each as its name, program, drum flag and notes."""
    names = {info.instrument: info.name for info in sequence.instrument_infos}
    found: Counter[tuple[object, ...]] = Counter()
    for (instrument, program, is_drum), notes in instruments(sequence, clock).items():
        sounds = sorted(
            (start, pitch, velocity, -1 if (start, pitch) in doubtful else end)
            for start, pitch, velocity, end in notes
        )
        found[names.get(instrument, ""), program, is_drum, tuple(sounds)] += 1
    return found


def instruments(
    sequence: NoteSequence, clock: SecondClock
) -> dict[tuple[int, int, bool], list[Sound]]:
    """Return the notes of each instrument, without those of no length: note_seq has none."""
    starts = clock.ticks([note.start_time for note in sequence.notes]).tolist()
    ends = clock.ticks([note.end_time for note in sequence.notes]).tolist()
    found: dict[tuple[int, int, bool], list[Sound]] = defaultdict(list)
    for note, start, end in zip(sequence.notes, starts, ends, strict=True):
        if end > start:
            group = found[note.instrument, note.program, note.is_drum]
            group.append((start, note.pitch, note.velocity, end))
    return found


def overlapping(sequence: NoteSequence, clock: SecondClock) -> set[Strike]:
    """Return the notes that overlap another of their pitch in their instrument.

    There note_seq ends all of them at the first release, and we one at each release.
    """
    found = set()
    for notes in instruments(sequence, clock).values():
        by_pitch = sorted((pitch, start, end) for start, pitch, _, end in notes)
        for (pitch, start, end), (next_pitch, next_start, _) in itertools.pairwise(by_pitch):
            if pitch == next_pitch and next_start < end:
                found |= {(start, pitch), (next_start, pitch)}
    return found
