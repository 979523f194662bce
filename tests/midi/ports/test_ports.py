"""Names of ports, and ports without a MIDI system."""

from __future__ import annotations

import subprocess
import sys

import mido
import pytest

from magenta_bridge.errors import InvalidArgumentError
from magenta_bridge.midi.ports.memory_port import EchoPort
from magenta_bridge.midi.ports.names import (
    matching_ports,
    port_part,
    same_port,
    shown_names,
    stable_name,
)
from magenta_bridge.midi.ports.port import PortGoneError
from magenta_bridge.midi.ports.ports import output_names

ALSA = [
    "Midi Through:Midi Through Port-0 14:0",
    "Synth:Synth Port 1 129:0",
    "Synth:Synth Port 1 130:0",
]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no numbers of ALSA")
@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("Midi Through:Midi Through Port-0 14:0", [0]),
        ("Midi Through:Midi Through Port-0", [0]),
        ("Midi Through Port-0", [0]),
        ("Synth:Synth Port 1 130:0", [2]),
        ("Synth:Synth Port 1", [1, 2]),
        ("Through", [0]),
        ("", []),
    ],
)
def test_a_port_is_found_by_the_part_of_its_name_that_stays(wanted: str, found: list[int]) -> None:
    assert matching_ports(wanted, ALSA) == found


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no numbers of ALSA")
def test_a_copied_name_is_found_after_its_numbers_changed() -> None:
    names = ["Keystation:Keystation MIDI 1 24:0", "Keystation:Keystation MIDI 2 24:1"]
    assert matching_ports("Keystation:Keystation MIDI 2 20:1", names) == [1]
    assert shown_names(names) == ["Keystation:Keystation MIDI 1", "Keystation:Keystation MIDI 2"]
    assert shown_names(ALSA) == ["Midi Through:Midi Through Port-0", *ALSA[1:]]


def test_a_number_of_a_windows_name_belongs_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    names = ["loopMIDI Port 0", "loopMIDI Port 1 1"]
    assert matching_ports("loopMIDI Port", names) == [0]
    assert matching_ports("loopMIDI Port 1", names) == [1]
    assert matching_ports("loopMIDI Port 1", names[:1]) == []
    assert shown_names(names) == ["loopMIDI Port", "loopMIDI Port 1"]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("keystation", [0]),
        ("Keystation 61", [0]),
        ("clavier numérique", [1]),
        ("CLAVIER NUME\u0301RIQUE", [1]),
        ("clavier", [1]),
        ("station", []),  # only the beginning of a word
        ("  ", []),
    ],
)
def test_case_accents_and_a_part_of_a_name_are_recognized(wanted: str, found: list[int]) -> None:
    assert matching_ports(wanted, ["Keystation 61 MK3", "Clavier numérique"]) == found


def test_a_part_of_several_names_is_refused_with_the_candidates() -> None:
    names = ["Keystation 61", "Keystation 88", "keys", "Keys"]
    with pytest.raises(InvalidArgumentError, match="'Keystation 61', 'Keystation 88'"):
        matching_ports("Keystation", names)
    assert matching_ports("Keys", names) == [3]
    assert matching_ports("KEYS", names) == [2, 3]


def test_input_and_output_of_one_port_are_recognized() -> None:
    assert same_port("IAC Driver Bus 1", "iac driver  Bus 1")
    assert not same_port("IAC Driver A", "IAC Driver B")


def test_the_exact_name_goes_before_what_it_resembles() -> None:
    assert matching_ports("in", ["other:in", "in"]) == [1]


def test_a_name_without_numbers_is_left_alone() -> None:
    assert stable_name("IAC Driver Bus 1") in {"IAC Driver Bus 1", "IAC Driver Bus"}
    assert port_part("recv:in") == "in"


def test_an_echo_port_returns_messages_with_the_time() -> None:
    port = EchoPort()
    heard: list[mido.Message] = []
    port.send(mido.Message("clock"))
    port.callback = heard.append
    port.send(mido.Message("note_on", note=60))
    assert [message.note for message in heard] == [60]
    assert heard[0].time > 0
    port.close()
    with pytest.raises(PortGoneError):
        port.send(mido.Message("clock"))


def test_an_unknown_midi_system_raises_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    # The process keeps the system that another test has found.
    monkeypatch.setattr("magenta_bridge.midi.ports.backend._current.system", None)
    monkeypatch.setenv("MAGENTA_BRIDGE_MIDI", "oss")
    with pytest.raises(InvalidArgumentError, match="choose one of alsa, jack"):
        output_names()


def test_the_playing_process_loads_no_model() -> None:
    code = (
        "import sys\n"
        "import magenta_bridge.midi.ports.ports, magenta_bridge.midi.output.note_output\n"
        "import magenta_bridge.midi.engine.midi_clock_out, magenta_bridge.midi.process.supervisor\n"
        "heavy = ('tensorflow', 'keras', 'ai_edge_litert', 'numpy', 'magenta_bridge.generators')\n"
        "print([name for name in heavy if name in sys.modules])"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=100
    )
    assert result.stdout.strip() == "[]"
