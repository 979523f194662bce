"""The views of a session."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import pytest
from rich.console import Console

from magenta_bridge.cli.midi.line_view import LineView, event_sentence
from magenta_bridge.cli.midi.rich_view import RichView, ViewState
from magenta_bridge.midi.process.settings import MidiSettings, Musician, PortChoice
from magenta_bridge.noteseq import NoteSequence

SETTINGS = MidiSettings(
    server="127.0.0.1:1",
    musicians=(Musician((PortChoice("Keys"),), ("lstm_melody",), 2),),
    outputs=(PortChoice("Synth"),),
    qpm=60,
    time_signature=(3, 4),
)


def _music(*notes: tuple[int, float, float]) -> bytes:
    music = NoteSequence()
    for pitch, start, end in notes:
        music.notes.add(pitch=pitch, velocity=80, start_time=start, end_time=end)
    return music.SerializeToString()


EVENTS: list[tuple[str, dict[str, Any]]] = [
    ("ready", {"time": 100.0}),
    ("waiting", {"musician": 0, "waiting_for": "MIDI clock"}),
    ("tick", {"musician": 0, "time": 104.0, "qpm": 60.0, "bar": None}),
    ("state", {"musician": 0, "state": "Listening"}),
    ("call", {"musician": 0, "start": 100.0, "sequence": _music((60, 0.0, 1.0), (62, 1.0, 2.0))}),
    ("state", {"musician": 0, "state": "Responding"}),
    ("prepared", {"musician": 0, "ahead": 0.25}),
    ("response", {"musician": 0, "sequence": _music((61, 104.0, 105.0))}),
    ("failure", {"musician": 0, "message": "The server does not respond."}),
    ("port", {"direction": "output", "name": "Synth", "state": "lost"}),
]


def test_the_drawn_view_shows_musicians_tempo_and_notes() -> None:
    """State, ports, generator, channel, tempo, bar, lead, and a roll of call and response."""
    written = io.StringIO()
    view = RichView(Console(file=written, width=90, force_terminal=True, color_system=None))
    with view:
        view.begin(SETTINGS)
        for event, details in EVENTS:
            view.on_event(event, details)
    shown = written.getvalue()
    for words in (
        "60 qpm",
        "internal clock",
        "3/4",
        "1:",
        "waiting for MIDI clock",
        "Responding",
        "Keys",
        "lstm_melody on channel 3",
        "lost: Synth",
    ):
        assert words in shown
    for words in ("250 ms ahead", "The server does not respond.", "░", "█"):
        assert words in shown


def test_the_roll_draws_each_note_at_its_time_and_pitch() -> None:
    """A quarter of a bar is four columns; higher pitches are above lower ones."""
    state = ViewState()
    state.begin(replace(SETTINGS, time_signature=(4, 4)))
    for event, details in EVENTS:
        state.on_event(event, details)
    assert state.roll(40) == ["    ░░░░", "                ████", "░░░░"]
    assert state.beat(106.5) == 3


def test_lines_show_events(capsys: pytest.CaptureFixture[str]) -> None:
    """A repeated state is not shown."""
    view = LineView()
    view.begin(SETTINGS)
    for event, details in [*EVENTS, EVENTS[4]]:
        view.on_event(event, details)
    printed = capsys.readouterr().out
    assert printed.count("Responding") == 1
    assert "lstm_melody answers Keys at 60 qpm." in printed
    assert "250 ms ahead" in printed


def test_some_events_have_no_sentence() -> None:
    """Late responses and panics do."""
    assert event_sentence("counts", {}) is None
    assert event_sentence("late", {"ticks": 2}) == "The response is late and starts 2 bars later."
    assert event_sentence("panic", {}) == "All notes off."
