"""What a generator does not read of its primer is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from magenta_bridge.encodings.drum_primer import is_drum_clip
from magenta_bridge.errors import InvalidArgumentError
from magenta_bridge.formats import read
from magenta_bridge.generators.generator import SequenceGenerator
from magenta_bridge.noteseq import NoteSequence
from magenta_bridge.sequences.edit import transpose
from tests.generators.section_checks import options, registry
from tests.sequences.music import music

FILES = Path(__file__).parents[1] / "data" / "midi"
SCALE = music(*((60 + step, 0.5 * step, 0.5 * step + 0.5) for step in range(8)), qpm=120)
HATS = ((42, 0.25 * step, 0.25 * step + 0.1) for step in range(16))
KICKS = ((36, step * 1.0, step + 0.1) for step in range(4))
SNARES = ((38, step + 0.5, step + 0.6) for step in range(4))
DRUM_RACK = music(*HATS, *KICKS, *SNARES, qpm=120)


def codes(name: str, primer: NoteSequence, start: float = 4.0, **arguments: str) -> list[str]:
    """Return the codes of the notices of a generator."""
    wanted = options(start, start + 2, **arguments)
    return [notice.code for notice in registry().get(name).notices(primer, wanted)]


def drum_channel(music: NoteSequence) -> NoteSequence:
    """Return a copy on the drum channel."""
    copy = NoteSequence()
    copy.CopyFrom(music)
    for note in copy.notes:
        note.is_drum = True
    return copy


def test_a_primer_that_is_read_or_missing_needs_no_words(generator: SequenceGenerator) -> None:
    primer = drum_channel(DRUM_RACK) if generator.info.encoding in ("drums", "groove") else SCALE
    assert codes(generator.info.id, primer) == []
    assert codes(generator.info.id, NoteSequence()) == []


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("lstm_drums", "PITCHES_NOT_READ"),
        ("lstm_melody", "DRUMS_NOT_READ"),
        ("gan_duo", "DRUMS_NOT_READ"),
        ("gru_polyphony", "DRUMS_NOT_READ"),
        ("lstm_performance", "DRUMS_NOT_READ"),
    ],
)
def test_drums_and_pitches_that_are_not_read_are_named(name: str, code: str) -> None:
    alone = SCALE if name == "lstm_drums" else drum_channel(DRUM_RACK)
    both = drum_channel(DRUM_RACK)
    both.notes.extend(SCALE.notes)
    assert codes(name, alone) == [code]
    assert codes(name, both) == [code]


def test_voices_below_the_line_are_counted() -> None:
    chords = NoteSequence()
    chords.CopyFrom(SCALE)
    for note in SCALE.notes:
        chords.notes.add(pitch=48, velocity=80, start_time=note.start_time, end_time=note.end_time)
    [notice] = registry().get("lstm_melody").notices(chords, options(4.0, 6.0))
    assert notice.code == "VOICES_NOT_READ"
    assert "8 notes" in notice.message
    assert codes("lstm_polyphony", chords) == []


def test_notes_that_are_too_long_ago_are_counted() -> None:
    long = read(FILES / "long_melody.mid")
    for name in ("gan_melody", "gan_duo", "lstm_performance"):
        assert codes(name, long, 118.0) == ["EARLIER_NOTES_NOT_READ"]
    assert codes("lstm_melody", long, 118.0) == []


def test_bars_move_what_is_out_of_their_range() -> None:
    assert codes("gan_melody", transpose(SCALE, -36)) == []
    wide = music((30, 0, 1), (60, 1, 2), (90, 2, 4), qpm=120)
    assert codes("gan_melody", wide) == ["OUT_OF_RANGE"]


def test_triplets_on_a_grid_of_sixteenths_are_named() -> None:
    triplets = music(*((60 + step, step / 6, (step + 1) / 6) for step in range(12)), qpm=120)
    assert codes("lstm_melody", triplets, 2.0) == ["MOVED_TO_GRID"]
    assert codes("lstm_performance", triplets, 2.0) == []


def test_music_after_the_section_is_not_continued() -> None:
    assert codes("lstm_melody", music((60, 8, 9)), 4.0) == ["NOTHING_BEFORE"]


def test_drums_of_a_drum_rack_are_recognized() -> None:
    """As Live exports them: on channel 1. An argument overrides the guess."""
    drums, wanted = registry().get("lstm_drums"), options(4.0, 8.0, seed=3)
    expected = drums.generate(drum_channel(DRUM_RACK), wanted)
    assert drums.generate(DRUM_RACK, wanted) == expected
    assert codes("lstm_drums", DRUM_RACK) == ["READ_AS_DRUMS"]
    assert codes("lstm_melody", DRUM_RACK)[0] == "LOOKS_LIKE_DRUMS"
    assert codes("lstm_drums", DRUM_RACK, drums="yes") == []
    assert codes("lstm_drums", DRUM_RACK, drums="no") == ["PITCHES_NOT_READ"]
    refused = options(4.0, 8.0, seed=3, drums="no")
    assert drums.generate(DRUM_RACK, refused) != expected
    with pytest.raises(InvalidArgumentError):
        drums.generate(DRUM_RACK, options(4.0, 8.0, drums="perhaps"))


@pytest.mark.parametrize("file", sorted(FILES.rglob("*.mid")), ids=lambda file: file.stem)
@pytest.mark.parametrize("octaves", [0, -1, -2, -3])
def test_no_tune_is_taken_for_drums(file: Path, octaves: int) -> None:
    tune = read(file)
    pitched = [note for note in transpose(tune, 12 * octaves).notes if not note.is_drum]
    assert not is_drum_clip(pitched)
    if file.stem == "straight_beat":
        assert is_drum_clip(tune.notes)
