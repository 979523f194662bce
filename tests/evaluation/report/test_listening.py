"""The passage that is continued: long enough, cut on a bar line, dressed alike."""

from __future__ import annotations

import io
import wave

import pytest
from PIL import Image

from magenta_bridge.evaluation.report.listening import choose_passage, listen
from magenta_bridge.generators.loading import find_bundle_file, load_generator
from magenta_bridge.noteseq import NoteSequence


def _scale(notes: int, meter: tuple[int, int] = (4, 4)) -> NoteSequence:
    """Quarter notes at 120 a minute."""
    music = NoteSequence(total_time=notes / 2)
    music.tempos.add(qpm=120.0)
    music.time_signatures.add(numerator=meter[0], denominator=meter[1])
    for number in range(notes):
        pitch = 60 + number % 12
        music.notes.add(pitch=pitch, velocity=90, start_time=number / 2, end_time=number / 2 + 0.5)
    return music


def test_the_first_piece_that_is_long_enough_is_chosen() -> None:
    index, passage = choose_passage([_scale(20), _scale(60), _scale(80)], "melody")
    assert index == 1
    assert (passage.turn, passage.end) == (8.0, 24.0)
    assert (passage.primer, passage.rest) == ("4 bars", "8 bars")


def test_of_short_pieces_the_longest_is_cut_shorter() -> None:
    index, passage = choose_passage([_scale(6, (3, 4)), _scale(18, (3, 4))], "melody")
    assert index == 1
    assert (passage.turn, passage.end) == (3.0, 9.0)
    assert passage.primer == "2 bars"
    _, seconds = choose_passage([_scale(18)], "performance")
    assert (seconds.turn, seconds.end) == (3.0, 9.0)


def test_all_go_on_from_the_same_primer_and_can_be_seen_and_heard() -> None:
    index, passage = choose_passage([_scale(48)], "melody")
    generator = load_generator(find_bundle_file("gru_melody"))
    found = listen(f"piece {index}", passage, "melody", {"as it was written": generator})
    human, model = found.continuations
    assert found.no_audio_reason == ""
    assert human.new_notes == 32
    assert model.new_notes > 4
    for take in (human, model):
        with Image.open(io.BytesIO(take.png)) as picture:
            assert min(picture.size) > 100
        with wave.open(io.BytesIO(take.wav)) as sound:
            assert (sound.getnchannels(), sound.getframerate()) == (1, 22_050)
            assert sound.getnframes() / 22_050 == pytest.approx(24.0, abs=1.0)
    assert human.png != model.png
