"""A piano roll shows each note at its position, in the color of its layer."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from magenta_bridge.errors import NotFoundError
from magenta_bridge.noteseq import NoteSequence
from magenta_bridge.render.piano_roll import (
    NEW_COLOR,
    PRIMER_COLOR,
    Layer,
    draw_piano_roll,
    frame_for,
)
from tests.render.tunes import tune


def _color(hexadecimal: str) -> tuple[int, ...]:
    return tuple(bytes.fromhex(hexadecimal.removeprefix("#")))


def _center(sequences: list[NoteSequence], note: NoteSequence.Note) -> tuple[int, int]:
    frame = frame_for(sequences)
    middle = (note.start_time + note.end_time) / 2
    return int(frame.x(middle)), frame.y(note.pitch) + frame.row // 2


def test_each_note_has_the_color_of_its_layer() -> None:
    primer, added = tune([60, 64, 67, 72]), tune([71, 69, 65, 59], start=2.0)
    picture = draw_piano_roll([Layer(primer, PRIMER_COLOR, "a"), Layer(added, NEW_COLOR, "b")])
    for sequence, color in ((primer, PRIMER_COLOR), (added, NEW_COLOR)):
        for note in sequence.notes:
            place = _center([primer, added], note)
            assert picture.getpixel(place) == _color(color)


def test_nothing_is_drawn_where_there_is_no_note() -> None:
    primer = tune([60, 64])
    picture = draw_piano_roll([Layer(primer, NEW_COLOR)])
    silent = NoteSequence.Note(pitch=67, start_time=0.0, end_time=0.4)
    assert picture.getpixel(_center([primer], silent)) == (255, 255, 255)


def test_a_soft_note_is_paler_than_a_loud_one() -> None:
    shades: list[float] = []
    for velocity in (20, 120):
        sequence = tune([60], velocity=velocity)
        picture = draw_piano_roll([Layer(sequence, NEW_COLOR)])
        gray = picture.convert("L").getpixel(_center([sequence], sequence.notes[0]))
        assert isinstance(gray, int)
        shades.append(gray)
    soft, loud = shades
    assert soft > loud


def test_sixteen_bars_are_about_1600_pixels_wide() -> None:
    sixteen = draw_piano_roll([Layer(tune([60] * 128, seconds=0.25), NEW_COLOR)])
    four = draw_piano_roll([Layer(tune([60] * 32, seconds=0.25), NEW_COLOR)])
    assert 1500 <= sixteen.width <= 1800
    assert four.width < sixteen.width


def test_the_size_of_a_picture_is_limited() -> None:
    sequence = tune([0, 127], seconds=1800.0)
    picture = draw_piano_roll([Layer(sequence, NEW_COLOR)])
    assert picture.width <= 5000
    assert picture.height <= 1000


@pytest.mark.parametrize("layers", [[], [Layer(NoteSequence(), NEW_COLOR, "empty")]])
def test_music_without_notes_makes_an_empty_roll(layers: list[Layer]) -> None:
    picture = draw_piano_roll(layers)
    assert picture.width >= 600
    assert picture.height >= 100


def test_the_saved_file_is_the_returned_picture(tmp_path: Path) -> None:
    path = tmp_path / "roll.png"
    picture = draw_piano_roll([Layer(tune([60]), NEW_COLOR, "one note")], path)
    with Image.open(path) as saved:
        assert saved.format == "PNG"
        assert saved.tobytes() == picture.tobytes()
    assert [entry.name for entry in tmp_path.iterdir()] == ["roll.png"]


def test_a_missing_folder_is_reported(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="cannot be written"):
        draw_piano_roll([], tmp_path / "nowhere" / "roll.png")
