"""Ports of a real MIDI system: JACK with a dummy driver, used by child processes."""

from __future__ import annotations

import importlib.util
import os
import signal
import sys
import wave
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from magenta_bridge.render.soundfont import find_sound_font
from tests.midi.jack import FluidSynth, Jack, jack_program, jack_server

# Every test starts several processes, which is slow on a loaded machine.
pytestmark = pytest.mark.timeout(900)

SYNTHESIZER = "fluidsynth-midi:midi_00"
# The bindings of RtMidi that a Python must have; see setup.py.
BINDINGS = [
    *(["rtmidi"] if sys.version_info < (3, 13) else []),
    *(["supriya_midi"] if sys.version_info >= (3, 11) else []),
]
each_binding = pytest.mark.usefixtures("binding")


@pytest.fixture(params=BINDINGS)
def binding(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Make the programs of a test use one binding; python-rtmidi is preferred if installed."""
    assert importlib.util.find_spec(request.param), f"{request.param} is not installed"
    if request.param != "rtmidi":
        (tmp_path / "rtmidi.py").write_text("raise ImportError('hidden by a test')\n")
        monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)


@pytest.fixture
def own_jack() -> Iterator[Jack]:
    """A server that a test can kill."""
    with jack_server("magenta-bridge-own") as server:
        yield server


@each_binding
@pytest.mark.parametrize("name", ["in", "Eingang für Ärger 鍵盤"])
def test_notes_are_sent_to_a_virtual_port(jack: Jack, name: str) -> None:
    with jack_program(jack, "receive", name) as receiver, jack_program(jack, "names") as lister:
        assert receiver.read_line() == "ready"
        assert lister.finish()
        with jack_program(jack, "send", name) as sender:
            assert sender.read_line() == "ready"
            for line in ("on 60", "clock", "off 60"):
                sender.write_line(line)
            assert [receiver.read_line() for _ in range(3)] == ["on 0 60", "clock", "off 0 60"]
            assert sender.finish().endswith("closed")


@each_binding
def test_the_error_for_an_unknown_port_lists_the_available_ones(jack: Jack) -> None:
    with jack_program(jack, "receive", "in") as receiver:
        receiver.wait_for("ready")
        with jack_program(jack, "send", "out") as sender:
            error = sender.finish()
            assert "'out'" in error
            assert "'Magenta Bridge:in'" in error


def test_the_first_of_two_ports_with_the_same_name_is_used(jack: Jack) -> None:
    with jack_program(jack, "receive", "in") as first:
        first.wait_for("ready")
        with jack_program(jack, "receive", "in") as second:
            second.wait_for("ready")
            with jack_program(jack, "send", "in") as sender:
                sender.wait_for("ready")
                sender.write_line("on 60")
                assert first.read_line("the note") == "on 0 60"


@each_binding
def test_without_a_server_the_error_is_one_sentence() -> None:
    with jack_program(Jack("no-such-server"), "send", "in") as sender:
        error = sender.finish()
        assert "MIDI" in error
        assert "\n" not in error


@each_binding
def test_an_input_closes_while_a_clock_arrives(jack: Jack) -> None:
    with jack_program(jack, "close_inputs", "in") as closer:
        assert closer.finish() == "closed"


@each_binding
def test_a_port_that_vanishes_and_returns_is_used_again(jack: Jack) -> None:
    with jack_program(jack, "receive", "in") as receiver:
        receiver.wait_for("ready")
        with jack_program(jack, "send", "in") as sender:
            sender.wait_for("ready")
            sender.write_line("on 60")
            assert receiver.read_line("the note") == "on 0 60"
            assert sender.read_line() == "sent"
            receiver.kill()
            assert sender.read_line("the loss of the port") == "lost"
            with jack_program(jack, "receive", "in") as another:
                assert another.read_line() == "ready"
                assert sender.read_line("the return of the port") == "open"
                # The notes that were active at the loss are ended first, possibly repeatedly.
                assert another.read_line("the end of the note") == "off 0 60"
                sender.write_line("on 62")
                assert another.wait_for("on 0 62")
                sender.finish()
                assert "off 0 62" in another.finish()


@each_binding
def test_a_server_that_dies_and_returns_is_used_again(own_jack: Jack) -> None:
    with jack_program(own_jack, "receive", "in") as receiver:
        receiver.wait_for("ready")
        with jack_program(own_jack, "send", "in") as sender:
            assert sender.read_line() == "ready"
            own_jack.kill()
            assert sender.read_line("the loss of the port") == "lost"
            receiver.kill()
            own_jack.start()
            with jack_program(own_jack, "receive", "in") as another:
                assert another.read_line() == "ready"
                assert sender.read_line("the return of the port") == "open"
                sender.write_line("on 62")
                assert another.read_line("the note") == "on 0 62"
                assert sender.finish().endswith("closed")
                assert sender.exit_code() == 0


@each_binding
def test_the_supervisor_survives_the_death_of_the_server(own_jack: Jack) -> None:
    with jack_program(own_jack, "receive", "in") as receiver:
        receiver.wait_for("ready")
        with jack_program(own_jack, "supervise", "in") as supervisor:
            assert supervisor.read_line("the PID of the player").isdigit()
            own_jack.kill()
            assert supervisor.read_line("the loss of the port") == "lost"
            assert supervisor.process.poll() is None
            assert supervisor.finish() == "the supervisor ended"
            assert supervisor.exit_code() == 0


def test_a_synthesizer_is_silent_after_its_player_was_killed(jack: Jack, tmp_path: Path) -> None:
    synthesizer = FluidSynth(jack, find_sound_font(), tmp_path / "sound.wav")
    with jack_program(jack, "supervise", SYNTHESIZER) as supervisor:
        player = int(supervisor.read_line("the PID of the player"))
        synthesizer.render(1.0)
        os.kill(player, signal.SIGKILL)
        assert "(code -9)" in supervisor.read_line("the end of the player")
        synthesizer.render(1.5)
    synthesizer.finish()
    loudness = _loudness(synthesizer.sound)
    assert loudness.max() > 0.01
    assert loudness[-4:].max() < 0.001


def _loudness(path: Path) -> NDArray[np.float64]:
    """Return the peak of each quarter of a second; 1.0 is full scale."""
    with wave.open(str(path)) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2")
        window = file.getframerate() * file.getnchannels() // 4
    whole = samples[: len(samples) // window * window].reshape(-1, window)
    peaks: NDArray[np.float64] = np.abs(whole.astype(np.float64)).max(axis=1) / 32768.0
    return peaks
