"""What a musician sees while playing."""

from __future__ import annotations

import io
from typing import Any

import pytest
from rich.console import Console

from magenta_bridge.cli.midi.line_view import LineView
from magenta_bridge.cli.midi.rich_view import ScreenView
from magenta_bridge.cli.midi.view_state import Scene, sentence_of
from magenta_bridge.midi.process.settings import Musician, PortChoice, Settings
from magenta_bridge.noteseq import NoteSequence

SETTINGS = Settings(
    server="127.0.0.1:1",
    musicians=(Musician((PortChoice("Keys"),), ("lstm_melody",), 2),),
    outputs=(PortChoice("Synth"),),
    qpm=60,
)


def _music(*notes: tuple[int, float, float]) -> bytes:
    music = NoteSequence()
    for pitch, start, end in notes:
        music.notes.add(pitch=pitch, velocity=80, start_time=start, end_time=end)
    return music.SerializeToString()


REPORTS: list[tuple[str, dict[str, Any]]] = [
    ("ready", {"time": 100.0}),
    ("tick", {"musician": 0, "time": 104.0, "qpm": 60.0}),
    ("state", {"musician": 0, "state": "Listening"}),
    ("call", {"musician": 0, "start": 100.0, "sequence": _music((60, 0.0, 1.0), (62, 1.0, 2.0))}),
    ("state", {"musician": 0, "state": "Responding"}),
    ("prepared", {"musician": 0, "ahead": 0.25}),
    ("response", {"musician": 0, "sequence": _music((61, 104.0, 105.0))}),
    ("failure", {"musician": 0, "message": "No server answers."}),
    ("port", {"direction": "output", "name": "Synth", "state": "lost"}),
]


def test_the_picture_holds_who_plays_where_and_what() -> None:
    """State, ports, generator, channel, tempo, bar, lead, and both phrases as a roll."""
    written = io.StringIO()
    view = ScreenView(Console(file=written, width=90, force_terminal=True, color_system=None))
    with view:
        view.begin(SETTINGS)
        for what, details in REPORTS:
            view.hear(what, details)
    shown = written.getvalue()
    for words in (
        "60 qpm",
        "bar 2",
        "Responding",
        "Keys",
        "lstm_melody on channel 3",
        "lost: Synth",
    ):
        assert words in shown
    for words in ("250 ms ahead", "No server answers.", "░", "█"):
        assert words in shown


def test_the_roll_draws_each_note_in_its_place() -> None:
    """A quarter of a bar is four columns; higher pitches are higher up."""
    scene = Scene()
    scene.begin(SETTINGS)
    for what, details in REPORTS:
        scene.hear(what, details)
    assert scene.roll(40) == ["    ░░░░", "                ████", "░░░░"]
    assert scene.beat(106.5) == 3


def test_lines_tell_what_is_new(capsys: pytest.CaptureFixture[str]) -> None:
    """A state that goes on is no news."""
    view = LineView()
    view.begin(SETTINGS)
    for what, details in [*REPORTS, REPORTS[4]]:
        view.hear(what, details)
    told = capsys.readouterr().out
    assert told.count("Responding") == 1
    assert "lstm_melody answers Keys at 60 qpm." in told
    assert "250 ms before its time" in told


def test_a_report_that_no_musician_needs_is_no_sentence() -> None:
    """Late responses and panics are."""
    assert sentence_of("counts", {}) is None
    assert sentence_of("late", {"ticks": 2}) == "The response came late and begins 2 bars later."
    assert sentence_of("panic", {}) == "All notes off."
