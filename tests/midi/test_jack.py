"""Ports of a real MIDI system: JACK with a dummy driver, in processes of their own."""

from __future__ import annotations

import os
import signal
import wave
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from magenta_bridge.render.audio import find_sound_font
from tests.midi.jack import FluidSynth, Jack, jack_server, program

# Every test starts several processes, which takes long on a busy machine.
pytestmark = pytest.mark.timeout(600)

SYNTHESIZER = "fluidsynth-midi:midi_00"
LONG_NAME = "p" * 200


@pytest.fixture
def mortal_jack() -> Iterator[Jack]:
    """A server that a test may kill."""
    with jack_server("magenta-bridge-mortal") as server:
        yield server


@pytest.mark.parametrize("name", ["in", "Eingang für Ärger 鍵盤"])
def test_notes_go_from_port_to_virtual_port(jack: Jack, name: str) -> None:
    with program(jack, "receive", name) as receiver, program(jack, "names") as lister:
        assert receiver.says() == "ready"
        assert lister.end()
        with program(jack, "send", name) as sender:
            assert sender.says() == "ready"
            for line in ("on 60", "clock", "off 60"):
                sender.told(line)
            assert [receiver.says() for _ in range(3)] == ["on 0 60", "clock", "off 0 60"]
            assert sender.end().endswith("closed")


def test_an_unknown_port_is_answered_with_those_there_are(jack: Jack) -> None:
    with program(jack, "receive", "in") as receiver:
        receiver.says()
        with program(jack, "send", "out") as sender:
            assert sender.end() == (
                "There is no MIDI output called 'out'; there are 'Magenta Bridge:in'."
            )


def test_of_two_ports_of_one_name_the_first_is_used(jack: Jack) -> None:
    with program(jack, "receive", "in") as first:
        first.says()
        with program(jack, "receive", "in") as second:
            second.says()
            with program(jack, "send", "in") as sender:
                sender.says()
                sender.told("on 60")
                assert first.says() == "on 0 60"


def test_without_a_server_one_sentence_says_so() -> None:
    with program(Jack("no-such-server"), "send", "in") as sender:
        said = sender.end()
        assert said.startswith("No MIDI system answers on this machine;")
        assert "\n" not in said


def test_a_port_that_goes_and_returns_is_used_again(jack: Jack) -> None:
    with program(jack, "receive", "in") as receiver:
        receiver.says()
        with program(jack, "send", "in") as sender:
            sender.says()
            sender.told("on 60")
            assert receiver.says() == "on 0 60"
            assert sender.says() == "sent"
            receiver.kill()
            assert sender.says() == "lost"
            with program(jack, "receive", "in") as another:
                assert another.says() == "ready"
                assert sender.says() == "open"
                # What sounded when the port went is ended first, more than once if need be.
                assert another.says() == "off 0 60"
                sender.told("on 62")
                while (said := another.says()) == "off 0 60":
                    pass
                assert said == "on 0 62"
                sender.end()
                assert "off 0 62" in another.end()


def test_a_server_that_dies_and_returns_is_used_again(mortal_jack: Jack) -> None:
    with program(mortal_jack, "receive", "in") as receiver:
        receiver.says()
        with program(mortal_jack, "send", "in") as sender:
            assert sender.says() == "ready"
            mortal_jack.kill()
            assert sender.says() == "lost"
            receiver.kill()
            mortal_jack.start()
            with program(mortal_jack, "receive", "in") as another:
                assert another.says() == "ready"
                assert sender.says() == "open"
                sender.told("on 62")
                assert another.says() == "on 0 62"
                assert sender.end().endswith("closed")
                assert sender.process.returncode == 0


def test_a_server_that_dies_does_not_take_the_supervisor_along(mortal_jack: Jack) -> None:
    with program(mortal_jack, "receive", "in") as receiver:
        receiver.says()
        with program(mortal_jack, "supervise", "in") as supervisor:
            assert supervisor.says().isdigit()
            mortal_jack.kill()
            assert supervisor.says() == "lost"
            assert supervisor.process.poll() is None
            assert supervisor.end() == "the supervisor ended"
            assert supervisor.process.returncode == 0


def test_a_synthesizer_falls_silent_when_its_player_is_killed(jack: Jack, tmp_path: Path) -> None:
    synthesizer = FluidSynth(jack, find_sound_font(), tmp_path / "sound.wav")
    with program(jack, "supervise", SYNTHESIZER) as supervisor:
        player = int(supervisor.says())
        synthesizer.play_on(1.0)
        os.kill(player, signal.SIGKILL)
        assert supervisor.says().startswith("The player ended unexpectedly (code -9)")
        synthesizer.play_on(1.5)
    synthesizer.end()
    loudness = _loudness(synthesizer.sound)
    assert loudness.max() > 0.01
    assert loudness[-4:].max() < 0.001


def _loudness(path: Path) -> NDArray[np.float64]:
    """Returns the peak of each quarter of a second, 1.0 for full scale."""
    with wave.open(str(path)) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2")
        window = file.getframerate() * file.getnchannels() // 4
    whole = samples[: len(samples) // window * window].reshape(-1, window)
    peaks: NDArray[np.float64] = np.abs(whole.astype(np.float64)).max(axis=1) / 32768.0
    return peaks
