"""Malformed MIDI is refused by one typed error, quickly, in little memory, without a crash."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from magenta_bridge.errors import FileFormatError, LimitExceededError, MagentaBridgeError
from magenta_bridge.formats.midi import midi_to_note_sequence
from tests.formats.broken_files import broken_files
from tests.formats.midi_files import midi, track
from tests.fuzz import COUNT

BROKEN = broken_files()


def run_limited(repository: Path, *arguments: str) -> None:
    """Read broken files in a process of 512 MiB, whose crash is a failed test."""
    # Thread pools reserve memory for each core, which would count against the limit.
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "tests.formats.read_limited", *arguments],
        cwd=repository,
        env=environment,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_each_broken_file_is_refused_within_two_seconds_and_512_mib(repository: Path) -> None:
    run_limited(repository, "broken")


@pytest.mark.parametrize("name", ["melody.mid", "jig.mid", "piano_and_lead.mid"])
def test_a_file_cut_off_anywhere_is_refused(repository: Path, name: str) -> None:
    run_limited(repository, name)


def test_five_thousand_mutated_files_raise_nothing_but_our_errors(repository: Path) -> None:
    run_limited(repository, "mutated", str(max(COUNT, 5_000)), "1")


@pytest.mark.parametrize(
    ("name", "error", "sentence"),
    [
        ("text", FileFormatError, "x.mid is not a MIDI file: it does not begin with MThd."),
        ("SMPTE", FileFormatError, "counts film frames"),
        ("division 0", FileFormatError, "zero ticks per quarter note"),
        ("format 2", FileFormatError, "2 separate patterns"),
        ("format 3", FileFormatError, "it states format 3"),
        ("tick bomb", LimitExceededError, "MIDI file length is 268,435,551 ticks"),
        ("65,535 tracks", LimitExceededError, "MIDI track count is 65,535 tracks"),
        ("5 MiB", LimitExceededError, "MIDI file size is"),
        ("200,001 tempos", LimitExceededError, "MIDI tempo changes is 200,001"),
        ("a track missing", FileFormatError, "track 2 of 2 is missing"),
        ("track cut off at an event", FileFormatError, "track 1 of 1 is cut off"),
        ("status F1", FileFormatError, "has a byte that is not a MIDI event, 1 bytes into"),
    ],
)
def test_the_error_says_what_is_wrong(
    name: str, error: type[MagentaBridgeError], sentence: str
) -> None:
    with pytest.raises(error) as caught:
        midi_to_note_sequence(BROKEN[name], name="x.mid")
    assert caught.value.message.startswith("x.mid")
    assert sentence in caught.value.message


@pytest.mark.parametrize("own", [True, False], ids=["on the same track", "on another track"])
def test_many_program_changes_for_many_notes_are_resolved_fast(own: bool) -> None:
    notes = b"\x00\x90\x3c\x40" + b"\x00\x3c\x00\x01\x3c\x40" * 40_000
    changes = b"\x00\xc0\x01" + b"\x00\x02\x00\x01" * 200_000
    begun = time.process_time()
    tracks = [track(notes + changes)] if own else [track(changes), track(notes)]
    sequence = midi_to_note_sequence(midi(track(b"\x00\xc0\x05"), *tracks))
    assert {note.program for note in sequence.notes} == ({5} if own else {1})
    assert time.process_time() - begun < 8.0
