"""The command end to end: real processes, models and ports."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import mido
import psutil
import pytest

from magenta_bridge.formats.midi import midi_to_note_sequence, note_sequence_to_midi
from magenta_bridge.generators.loading import find_bundle_file
from magenta_bridge.midi.ports import ports
from magenta_bridge.midi.ports.port import OutputPort
from magenta_bridge.noteseq import NoteSequence
from tests.cli.program import run_program
from tests.midi.bounded import TIMEOUT_S, Start, wait_for
from tests.midi.notes import sequence_of

if TYPE_CHECKING:
    from mido import Message

# Every test starts several processes, which is slow on a loaded machine.
pytestmark = pytest.mark.timeout(900)

QPM = 240
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


def test_a_simulated_call_is_answered(tmp_path: Path, call: Path) -> None:
    """By a bundle on a managed server; the recording contains call and response, in this order."""
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
        timeout=2 * TIMEOUT_S,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    music = midi_to_note_sequence(record.read_bytes())
    assert len(_starts(music, 0)) == 3
    assert min(_starts(music, 1)) > max(_starts(music, 0))


@pytest.mark.usefixtures("jack_here")
def test_a_call_through_virtual_ports_is_answered_and_every_note_ends(
    start: Start, server: str
) -> None:
    """The state is sent before the response; after Ctrl-C all notes have ended."""
    program = start(
        f"--qpm={QPM}",
        f"--server={server}",
        "--nopassthrough",
        "--noenable_metronome",
        f"--state_control_number={STATE}",
    )
    program.wait_for("Ready")
    with _ports() as (keys, received):
        wait_for(lambda: received, "the first state")
        _play(keys, 60, 64)
        wait_for(lambda: _of(received, "note_on"), "the response")
        assert program.interrupt() == 0
        wait_for(lambda: not _open(received), "the end of all notes")
    states = [m for m in received if m.type == "control_change" and m.value == 2]
    assert received.index(states[0]) < received.index(_of(received, "note_on")[0])


@pytest.mark.usefixtures("jack_here")
def test_a_server_that_is_killed_is_restarted(start: Start) -> None:
    """The next call is answered, and no process is left at the end."""
    program = start(f"--qpm={QPM}", "--nopassthrough", "--noenable_metronome")
    program.wait_for("Ready")
    family = psutil.Process(program.process.pid).children(recursive=True)
    (server,) = [
        child for child in family if "magenta_bridge.cli.midi.managed_server" in child.cmdline()
    ]
    server.kill()
    program.wait_for("The server died")
    program.wait_for("The server is back")
    with _ports() as (keys, received):
        _play(keys, 60, 64)
        wait_for(lambda: _of(received, "note_on"), "the response")
        family = psutil.Process(program.process.pid).children(recursive=True)
        # Before the ports are closed: RtMidi can crash when it closes an input that receives.
        assert program.interrupt() == 0
    wait_for(lambda: not any(child.is_running() for child in family), "the end of all processes")


@pytest.mark.usefixtures("jack_here")
def test_virtual_ports_are_created_and_the_available_ones_listed(start: Start, server: str) -> None:
    """This reveals typos."""
    program = start("--input_ports=Kees", "--output_ports=echo", f"--server={server}")
    program.wait_for("'Kees'")
    program.wait_for("Input ports: none")
    program.wait_for("Ready")
    listed = run_program("midi", "--list_ports", timeout=TIMEOUT_S)
    assert listed.returncode == 0
    assert "Kees" in listed.stdout.splitlines()[1]


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["--bundle_files=nothing.mag"], "nothing.mag"),
        (["--qpm=1"], "not between 10 and 480"),
        (["--musician=Keys"], "PORT=GENERATOR"),
        (["--server=127.0.0.1:1", "--bundle_files=a.mag"], "--server"),
        (["--passthrough=perhaps"], "--no-passthrough"),
        (
            ["--output_ports=echo", "--input_ports=echo", "--server=127.0.0.1:1"],
            "127.0.0.1:1",
        ),
        (["--output_ports=echo", "--input_ports=echo", "--generators=bach", "--server"], "bach"),
    ],
)
def test_an_error_is_one_sentence(arguments: list[str], error: str, server: str) -> None:
    """Without a traceback."""
    address = [server] if arguments[-1] == "--server" else []
    result = run_program("midi", "--no-ui", *arguments, *address, timeout=TIMEOUT_S)
    assert result.returncode in (1, 2)
    assert error in result.stderr
    assert "Traceback" not in result.stderr


def test_without_a_midi_system_the_error_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    """Listing ports succeeds; playing fails."""
    monkeypatch.setenv("MAGENTA_BRIDGE_MIDI", "jack")
    monkeypatch.setenv("JACK_DEFAULT_SERVER", "no-such-server")
    monkeypatch.setenv("JACK_NO_START_SERVER", "1")
    listed = run_program("midi", "--list_ports", timeout=TIMEOUT_S)
    assert (listed.returncode, listed.stderr) == (0, "")
    assert "MIDI system" in listed.stdout
    assert len(listed.stdout.splitlines()) == 1
    played = run_program("midi", "--no-ui", timeout=TIMEOUT_S)
    assert played.returncode == 1
    assert "MIDI system" in played.stderr


@contextlib.contextmanager
def _ports() -> Iterator[tuple[OutputPort, list[Message]]]:
    """Connect to the virtual ports; yield the musician's port and the list of received messages."""
    keys = ports.open_output(_named("magenta_in", ports.output_names()))
    synth = ports.open_input(_named("magenta_out", ports.input_names()))
    received: list[Message] = []
    synth.callback = received.append
    try:
        yield keys, received
    finally:
        keys.close()
        synth.close()


def _named(part: str, names: list[str]) -> str:
    return next(name for name in names if part in name)


def _play(keys: OutputPort, *pitches: int) -> None:
    for pitch in pitches:
        keys.send(mido.Message("note_on", note=pitch))
        keys.send(mido.Message("note_off", note=pitch))


def _of(received: list[Message], kind: str) -> list[Message]:
    return [message for message in received if message.type == kind]


def _open(received: list[Message]) -> set[int]:
    sounding: set[int] = set()
    for message in received:
        if message.type == "note_on":
            sounding.add(message.note)
        elif message.type == "note_off":
            sounding.discard(message.note)
    return sounding
