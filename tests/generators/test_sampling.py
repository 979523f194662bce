"""Notes do not depend on how many steps a call of the program makes."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from magenta_bridge.encodings import drums, melody, polyphony
from magenta_bridge.errors import CancelledError
from magenta_bridge.generators.bundle import Bundle, read_bundle, shipped_bundles
from magenta_bridge.generators.drums import DrumsGenerator, drum_rules
from magenta_bridge.generators.generator import SequenceGenerator
from magenta_bridge.generators.groove import GrooveGenerator
from magenta_bridge.generators.loading import load_generator
from magenta_bridge.generators.melody import MelodyGenerator, melody_rules
from magenta_bridge.generators.performance import PerformanceGenerator, playing_rules
from magenta_bridge.generators.polyphony import PolyphonyGenerator, frame_rules
from magenta_bridge.generators.sampling import Grammar
from magenta_bridge.noteseq import NoteSequence
from magenta_bridge.runtime.loop import Automaton
from magenta_bridge.runtime.program import StepProgram
from tests.generators.section_checks import generate, options
from tests.runtime.programs import without_loop
from tests.sequences.music import music

NAMES = ("lstm_melody", "drums", "gru_polyphony", "performance")
LOOPED = [path for path in shipped_bundles() if path.stem.endswith(NAMES)]
MAKERS: dict[str, Callable[[Bundle], SequenceGenerator]] = {
    "melody": MelodyGenerator,
    "drums": DrumsGenerator,
    "groove": GrooveGenerator,
    "polyphony": PolyphonyGenerator,
    "performance": PerformanceGenerator,
}
PRIMER = music((67, 0, 0.5), (69, 0.5, 1), (71, 1, 1.5), (67, 1.5, 2), qpm=120, meter=(4, 4))


def earlier_version(path: Path) -> SequenceGenerator:
    """Return the generator of a bundle whose program has only single steps."""
    bundle = read_bundle(path)
    program = StepProgram(without_loop(bundle.program.flatbuffer))
    return MAKERS[bundle.metadata["encoding"]](dataclasses.replace(bundle, program=program))


@pytest.mark.parametrize("path", LOOPED, ids=lambda path: path.stem)
@pytest.mark.parametrize("primer", [NoteSequence(), PRIMER], ids=["nothing", "a bar"])
def test_a_bundle_of_an_earlier_version_plays_the_same(path: Path, primer: NoteSequence) -> None:
    """But for one choice in ten thousand, which the rounding of float32 decides."""
    now, before = load_generator(path), earlier_version(path)
    same = 0
    for seed, arguments in enumerate([{}, {}, {"temperature": 0}, {"top_k": 2}, {"top_p": 1}]):
        one, other = (
            generate(each, primer, 2.0, 10.0, seed=seed, **arguments) for each in (now, before)
        )
        same += one == other
    assert same >= 4


@pytest.mark.parametrize("path", LOOPED, ids=lambda path: path.stem)
def test_a_long_primer_takes_a_few_calls_and_can_be_stopped(path: Path) -> None:
    """A cancelled request frees its core while the primer is still being read."""
    drum = "drums" in path.stem
    notes = [(36 + step % 9, step / 8, step / 8 + 0.1) for step in range(1600)]
    primer = music(*notes, qpm=120, meter=(4, 4))
    for note in primer.notes:
        note.is_drum = drum
    calls: list[int] = []

    def interrupt() -> None:
        calls.append(1)
        if len(calls) == 3:
            raise CancelledError("The caller took it back.")

    with pytest.raises(CancelledError):
        load_generator(path).generate(primer, options(200.0, 202.0), interrupt=interrupt)


def test_melodies_begin_with_a_note_and_end_only_what_sounds() -> None:
    """The rules, walked at random, keep to ``melody.grammar_mask``."""
    rules, rng = melody_rules(np.ones(melody.EVENT_IDS, dtype=np.bool_)), np.random.default_rng(1)
    for _ in range(50):
        rule = rules.first
        ids: list[int] = []
        for step in range(12):
            sounding = melody.sounds_after(ids)
            expected = melody.grammar_mask(sounding=sounding, onset=step == 0)
            np.testing.assert_array_equal(rules.allowed[rule], expected)
            # Rests, ends and notes alike.
            kinds = [value for value in (0, 1, 60) if expected[value]]
            ids.append(int(rng.choice(kinds)))
            rule = int(rules.following[rule, ids[-1]])


@pytest.mark.parametrize("voices", [0, 1, 3, 8])
def test_frames_hold_as_many_pitches_as_there_are_voices(voices: int) -> None:
    """The first one begins some and holds none; a later one may be empty."""
    pitches = np.isin(np.arange(128), (60, 62, 64, 65, 67, 69, 71, 72, 74))
    rules, rng = frame_rules(pitches, voices), np.random.default_rng(voices)
    for _ in range(50):
        rule, frame, filled = rules.first, 0, 0
        for _ in range(40):
            room = not voices or filled < voices
            allowed = rules.allowed[rule]
            assert allowed[polyphony.END] == (frame > 0 or filled > 0)
            new, held = np.split(allowed[polyphony.NEW :], 2)
            np.testing.assert_array_equal(new, pitches & room)
            np.testing.assert_array_equal(held, pitches & room & (frame > 0))
            value = int(rng.choice(np.flatnonzero(allowed)[: rng.integers(1, 20)]))
            rule = int(rules.following[rule, value])
            ended = value == polyphony.END
            frame, filled = frame + ended, 0 if ended else filled + 1


def test_what_was_chosen_beyond_the_section_is_left_out() -> None:
    """A call has a fixed number of steps, and not all of them close a frame."""
    lengths = np.array([1, 0, 0, 0, 0, 5], dtype=np.int32)
    free = np.ones((1, 6), dtype=np.bool_)
    for chosen, wanted in (
        ([3, 0, 4, 0, 1, 0], [3, 0, 4, 0]),
        ([3, 4, 5, 0, 1, 0], [3, 4, 5]),
        ([0, 0], [0, 0]),
    ):
        grammar = Grammar(Automaton(free, np.zeros((1, 6), np.int32)), 3, lengths)
        assert grammar.take([1, 0, 2, 2]) == [1, 0, 2, 2]
        assert not grammar.is_full
        assert grammar.take(chosen) == wanted
        assert grammar.is_full


def test_playing_from_nothing_begins_with_a_note() -> None:
    """No time shift comes before it; a velocity may."""
    low = np.arange(128) < 60
    for silent in (True, False):
        rules = playing_rules(low, silent=silent)
        for rule, waits in ((rules.first, silent), (rules.following[rules.first, 380], False)):
            on, off, shift, velocity = np.split(rules.allowed[rule], [128, 256, 356])
            np.testing.assert_array_equal(on, low)
            assert off.all()
            assert velocity.all()
            assert bool(shift.any()) != waits


def test_a_groove_from_nothing_begins_with_a_hit() -> None:
    for silent in (True, False):
        rules = drum_rules(silent=silent)
        assert rules.allowed[rules.first, drums.SILENCE] == (not silent)
        after = rules.following[rules.first, 5]
        assert rules.allowed[after].all()
        assert rules.following[after, 5] == after
