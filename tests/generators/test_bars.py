"""The adversarial generators: bars of any number, on their tracks, in the primer's key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from magenta_bridge.encodings import bars as pianoroll
from magenta_bridge.generators import bars as gan
from magenta_bridge.generators.bundle import Bundle
from magenta_bridge.noteseq import GeneratorOptions, NoteSequence


class _Program:
    """Returns white notes that depend on the noise; records the bars before."""

    noise_units = 8
    tracks = 1
    histories: list[np.ndarray]

    def __init__(self, flatbuffer: bytes) -> None:  # noqa: ARG002
        self.history = (pianoroll.HISTORY_BARS, type(self).tracks, pianoroll.STEPS)
        type(self).histories = []

    def bar(
        self,
        previous: np.ndarray,
        noise: np.ndarray,
        meter: int,  # noqa: ARG002
    ) -> np.ndarray:
        type(self).histories.append(previous)
        logits = np.zeros((self.history[1], pianoroll.STEPS, pianoroll.EVENT_IDS), np.float32)
        for track in range(self.history[1]):
            place = np.array([(7 - pianoroll.LOWEST[track] % 12) % 12 + 2])
            logits[track, ::4, place] = 1.0 + noise[0]
            logits[track, 4 * (int(abs(noise[1]) * 3) % 4), 0] = 9.0
        return logits


@dataclass(frozen=True)
class _Held:
    flatbuffer: bytes
    description: dict[str, Any]


def _generator(monkeypatch: pytest.MonkeyPatch, encoding: str) -> gan.BarGenerator:
    program = type("Program", (_Program,), {"tracks": 2 if encoding == "duo" else 1})
    monkeypatch.setattr(gan, "BarProgram", program)
    held: Any = _Held(b"", {"family": "gan", "encoding": encoding})
    return gan.BarGenerator(Bundle("gan_test", "Test.", "Nothing.", held, b""))


def _options(start: float, end: float, **args: int) -> GeneratorOptions:
    options = GeneratorOptions()
    options.generate_sections.add(start_time=start, end_time=end)
    for name, value in args.items():
        options.args[name].int_value = value
    return options


@pytest.mark.parametrize("seconds", [0.5, 2.0, 7.3, 40.0])
def test_any_length_is_filled_and_not_exceeded(
    monkeypatch: pytest.MonkeyPatch, seconds: float
) -> None:
    made = _generator(monkeypatch, "melody").generate(NoteSequence(), _options(0.0, seconds))
    assert made.notes[0].start_time == 0.0
    assert max(note.end_time for note in made.notes) <= seconds
    assert made.total_time == pytest.approx(seconds)
    ends = [note.end_time for note in made.notes]
    assert all(
        end <= later.start_time + 1e-9
        for end, later in zip(ends, list(made.notes)[1:], strict=False)
    )


def test_two_tracks_have_their_own_instruments(monkeypatch: pytest.MonkeyPatch) -> None:
    generator = _generator(monkeypatch, "duo")
    made = generator.generate(NoteSequence(), _options(0.0, 8.0, bass_program=35))
    assert {(n.instrument, n.program) for n in made.notes} == {(0, 73), (1, 35)}
    lead, bass = ([n.pitch for n in made.notes if n.instrument == i] for i in (0, 1))
    assert min(lead) > max(bass)


def test_the_primer_is_read_in_white_keys_and_continued_in_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    primer = NoteSequence()
    for index, degree in enumerate((0, 2, 4, 5, 7, 9, 11, 12)):
        primer.notes.add(
            pitch=66 + degree, velocity=80, start_time=index / 2, end_time=index / 2 + 0.5
        )
    primer.total_time = 4.0
    generator = _generator(monkeypatch, "melody")
    made = generator.generate(primer, _options(4.0, 12.0))
    program: Any = generator._program
    history = program.histories[0]
    assert (history[:-2] == pianoroll.PAD).all()
    assert (history[-2:] < pianoroll.PAD).all()
    assert all((note.pitch - 66) % 12 in (0, 2, 4, 5, 7, 9, 11) for note in made.notes)


def test_a_seed_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    generator = _generator(monkeypatch, "melody")
    made = [
        generator.generate(NoteSequence(), _options(0.0, 16.0, seed=s)).SerializeToString()
        for s in (1, 1, 2)
    ]
    assert made[0] == made[1] != made[2]
