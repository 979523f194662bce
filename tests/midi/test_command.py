"""The command end to end: real processes, real models, real ports where JACK is installed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import mido
import psutil
import pytest
from tests.midi.program import Start

from magenta_bridge.formats.midi import midi_to_note_sequence, note_sequence_to_midi
from magenta_bridge.generators.loading import find_bundle_file
from magenta_bridge.midi.ports import ports
from magenta_bridge.midi.ports.port import OutputPort
from magenta_bridge.noteseq import NoteSequence
from tests.cli.program import run_program
from tests.midi.notes import sequence_of, wait_for

if TYPE_CHECKING:
    from mido import Message

QPM = 240
TICK_S = 1.0
STATE = 20
ECHO = ["--input_ports=echo", "--output_ports=echo"]


@pytest.fixture
def call(tmp_path: Path) -> Path:
    """A file with a call of one bar."""
    music = sequence_of((60, 50, 0.0, 0.2), (64, 90, 0.25, 0.45), (67, 90, 0.5, 0.9))
    music.tempos.add(qpm=QPM)
    path = tmp_path / "call.mid"
    path.write_bytes(note_sequence_to_midi(music))
    return path


def _starts(music: NoteSequence, instrument: int) -> list[float]:
    return [note.start_time for note in music.notes if note.instrument == instrument]


def test_a_simulated_call_is_answered_on_the_bar(tmp_path: Path, call: Path) -> None:
    """With a bundle in a private server; call and response are in the recording."""
    record = tmp_path / "jam.mid"
    bundle = find_bundle_file("lstm_melody")
    result = run_program(
        "midi",
        f"--simulate={call}",
        f"--record={record}",
        f"--bundle_files={bundle}",
        f"--qpm={QPM}",
        "--output_ports=echo",
        "--noenable_metronome",
        "--no-ui",
        timeout=120,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert "before its time" in result.stdout
    assert "bars later" not in result.stdout
    music = midi_to_note_sequence(record.read_bytes())
    assert len(_starts(music, 0)) == 3
    response = _starts(music, 1)
    assert response
    # The second bar or, when the first note of the call was heard in the next tick, the third.
    assert any(abs(response[0] - bar * TICK_S) < TICK_S / 4 for bar in (1, 2))


@pytest.mark.usefixtures("jack_here")
def test_a_call_through_virtual_ports_is_answered_and_every_note_ends(
    start: Start, server: str
) -> None:
    """The response begins with the tick that its state is sent with; Ctrl-C leaves silence."""
    program = start(
        f"--qpm={QPM}",
        f"--server={server}",
        "--nopassthrough",
        "--noenable_metronome",
        f"--state_control_number={STATE}",
    )
    program.wait_for("Ready")
    heard: list[Message] = []
    keys = ports.open_output(_named("magenta_in", ports.output_names()))
    synth = ports.open_input(_named("magenta_out", ports.input_names()))
    try:
        synth.callback = heard.append
        wait_for(lambda: heard, "the first state")
        _play(keys, 60, 64)
        program.wait_for("before its time")
        wait_for(lambda: _of(heard, "note_on"), "the response")
        assert program.interrupt() == 0
        wait_for(lambda: not _open(heard), "silence")
    finally:
        keys.close()
        synth.close()
    responding = next(m for m in heard if m.type == "control_change" and m.value == 2)
    assert 0 <= _of(heard, "note_on")[0].time - responding.time < TICK_S / 4


@pytest.mark.usefixtures("jack_here")
def test_a_server_that_is_killed_is_started_again(start: Start) -> None:
    """The musician is told, and answered as before; no process is left over at the end."""
    program = start(f"--qpm={QPM}", "--nopassthrough", "--noenable_metronome")
    program.wait_for("Ready")
    family = psutil.Process(program.process.pid).children(recursive=True)
    (server,) = [
        child for child in family if "magenta_bridge.cli.midi.managed_server" in child.cmdline()
    ]
    server.kill()
    program.wait_for("The server has died")
    program.wait_for("The server is back")
    keys = ports.open_output(_named("magenta_in", ports.output_names()))
    try:
        _play(keys, 60, 64)
        program.wait_for("before its time")
    finally:
        keys.close()
    family = psutil.Process(program.process.pid).children(recursive=True)
    assert program.interrupt() == 0
    wait_for(lambda: not any(child.is_running() for child in family), "the end of all processes")


@pytest.mark.usefixtures("jack_here")
def test_unknown_ports_are_made_and_the_known_ones_listed(start: Start, server: str) -> None:
    """So that a slip of the pen is seen."""
    program = start("--input_ports=Kees", "--output_ports=echo", f"--server={server}")
    program.wait_for("No port is called 'Kees'")
    program.wait_for("Input ports: none")
    program.wait_for("Ready")
    listed = run_program("midi", "--list_ports")
    assert listed.returncode == 0
    assert "Kees" in listed.stdout.splitlines()[1]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--bundle_files=nothing.mag"], "There is no bundle nothing.mag"),
        (["--qpm=1"], "not between 10 and 480"),
        (["--musician=Keys"], "PORT=GENERATOR"),
        (["--server=127.0.0.1:1", "--bundle_files=a.mag"], "not both"),
        (["--passthrough=perhaps"], "on or off"),
        (
            ["--output_ports=echo", "--input_ports=echo", "--server=127.0.0.1:1"],
            "No server answers",
        ),
        (["--output_ports=echo", "--input_ports=echo", "--generators=bach", "--server"], "bach"),
    ],
)
def test_what_cannot_be_is_one_sentence(words: list[str], told: str, server: str) -> None:
    """And no traceback."""
    address = [server] if words[-1] == "--server" else []
    result = run_program("midi", "--no-ui", *words, *address)
    assert result.returncode in (1, 2)
    assert told in result.stderr
    assert "Traceback" not in result.stderr


def test_a_machine_without_midi_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Listing ports ends well; playing does not."""
    monkeypatch.setenv("MAGENTA_BRIDGE_MIDI", "jack")
    monkeypatch.setenv("JACK_DEFAULT_SERVER", "no-such-server")
    monkeypatch.setenv("JACK_NO_START_SERVER", "1")
    listed = run_program("midi", "--list_ports")
    assert (listed.returncode, listed.stderr) == (0, "")
    assert listed.stdout.startswith("No MIDI system")
    assert len(listed.stdout.splitlines()) == 1
    played = run_program("midi", "--no-ui")
    assert played.returncode == 1
    assert "No MIDI system" in played.stderr


def _named(part: str, names: list[str]) -> str:
    return next(name for name in names if part in name)


def _play(keys: OutputPort, *pitches: int) -> None:
    for pitch in pitches:
        keys.send(mido.Message("note_on", note=pitch))
        keys.send(mido.Message("note_off", note=pitch))


def _of(heard: list[Message], kind: str) -> list[Message]:
    return [message for message in heard if message.type == kind]


def _open(heard: list[Message]) -> set[int]:
    sounding: set[int] = set()
    for message in heard:
        if message.type == "note_on":
            sounding.add(message.note)
        elif message.type == "note_off":
            sounding.discard(message.note)
    return sounding
