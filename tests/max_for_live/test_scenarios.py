"""A clip in Live has the notes that the Python client gets for the same request."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from magenta_bridge.client import Client
from magenta_bridge.noteseq import NoteSequence
from tests.cli.program import PROGRAM, call_program
from tests.max_for_live.node import FOLDER
from tests.max_for_live.scenario import Step, play

QPM = 120.0
BEATS_PER_SECOND = QPM / 60
CONNECTED: Step = ("status", "generators? at")
SAME_SEED: Step = ("click", "new_seed")


@dataclass(frozen=True)
class Place:
    """The addresses of a server."""

    grpc: str
    http: str


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    """Run a server with one generator."""
    bundle = FOLDER.parent / "models" / "lstm" / "lstm_melody.mag"
    words = [PROGRAM, "serve", "--port", "0", "--http-port", "0", "--bundle", str(bundle)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            ready = re.search(r" on (\S+:\d+) and (http://\S+) ", process.stdout.readline())
            assert ready is not None
            yield Place(ready[1], ready[2])
        finally:
            process.kill()


def _beats(music: NoteSequence, start: float) -> list[tuple[int, float, float, int]]:
    """Return pitch, start and duration in beats from ``start`` seconds on, and velocity."""
    return sorted(
        (
            note.pitch,
            (note.start_time - start) * BEATS_PER_SECOND,
            (note.end_time - note.start_time) * BEATS_PER_SECOND,
            note.velocity,
        )
        for note in music.notes
    )


def _clip(clip: dict[str, Any]) -> list[tuple[int, float, float, int]]:
    return sorted(
        (note["pitch"], note["start_time"], note["duration"], note["velocity"])
        for note in clip["notes"]
    )


def test_generate_gives_the_notes_of_the_python_client(place: Place) -> None:
    """Over gRPC, with two variations."""
    outcome = play(
        {"grpc": place.grpc},
        CONNECTED,
        SAME_SEED,
        ("turn", "seed", 77),
        ("turn", "bars", 3),
        ("turn", "variations", 2),
        ("click", "go"),
        ("clips", 1),
        ("click", "next"),
        ("click", "keep"),
        tempo=QPM,
    )
    with Client(place.grpc) as bridge:
        expected = bridge.variations("lstm_melody", 2, bars=3, seed=77)
    assert outcome["path"] == "gRPC"
    assert [clip["length"] for clip in outcome["clips"]] == [12, 12]
    assert [_clip(clip) for clip in outcome["clips"]] == [_beats(one, 0) for one in expected]


def test_continue_gives_the_notes_of_the_python_client_over_http(place: Place) -> None:
    """Without Node, and with a clip as primer."""
    tune = [
        {"pitch": 60 + 2 * beat, "start_time": beat, "duration": 1, "velocity": 80}
        for beat in range(4)
    ]
    outcome = play(
        {"http": place.http},
        ("speed", 10),
        ("status", "over HTTP"),
        ("speed", 1),
        SAME_SEED,
        ("place", 0, 4, tune),
        ("click", "tool_continue"),
        ("turn", "seed", 5),
        ("turn", "bars", 2),
        ("click", "go"),
        ("clips", 2),
        tempo=QPM,
    )
    primer = NoteSequence(total_time=2.0)
    primer.tempos.add(qpm=QPM)
    primer.time_signatures.add(numerator=4, denominator=4)
    for beat in range(4):
        primer.notes.add(
            pitch=60 + 2 * beat, velocity=80, start_time=beat / 2, end_time=(beat + 1) / 2
        )
    with Client(place.grpc) as bridge:
        expected = bridge.generate("lstm_melody", primer=primer, bars=2, seed=5)
    assert outcome["path"] == "HTTP"
    assert _clip(outcome["clips"][1]) == _beats(expected, 2.0)
    assert [note["pitch"] for note in outcome["clips"][0]["notes"]] == [60, 62, 64, 66]


def test_the_tempo_does_not_change_the_beats(place: Place) -> None:
    steps: list[Step] = [CONNECTED, SAME_SEED, ("turn", "seed", 9), ("click", "go"), ("clips", 1)]
    slow, fast = (play({"grpc": place.grpc}, *steps, tempo=tempo) for tempo in (97.0, QPM))
    assert _clip(slow["clips"][0]) == _clip(fast["clips"][0])


def test_the_folder_form_gives_the_same_notes(place: Place, tmp_path: Path) -> None:
    installed = call_program("max", "install", "--folder-form", "--to", tmp_path)
    assert installed.returncode == 0, installed.stderr
    [script] = tmp_path.rglob("magenta-bridge-node.js")
    device = script.with_name("Magenta Bridge.amxd")
    outcome = play(
        {"grpc": place.grpc},
        CONNECTED,
        SAME_SEED,
        ("turn", "seed", 21),
        ("click", "go"),
        ("clips", 1),
        tempo=QPM,
        device=device,
    )
    with Client(place.grpc) as bridge:
        expected = bridge.generate("lstm_melody", bars=4, seed=21)
    assert outcome["path"] == "gRPC"
    assert _clip(outcome["clips"][0]) == _beats(expected, 0)
    script.unlink()
    with pytest.raises(AssertionError, match=r"is neither in .* nor beside it"):
        play({"grpc": place.grpc}, device=device)
