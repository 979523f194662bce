"""Complete programs over real ports: several musicians, controllers, clocks in and out."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import mido
import pytest

from magenta_bridge.midi.engine.midi_clock_out import MidiClockOut
from magenta_bridge.midi.output.note_ledger import NoteLedger
from magenta_bridge.midi.output.note_output import NoteOutput
from magenta_bridge.midi.ports import ports
from magenta_bridge.midi.ports.reconnecting_port import SteadyInput, SteadyOutput
from magenta_bridge.midi.timing.midi_clock_in import MidiClockIn
from magenta_bridge.midi.timing.tempo import InternalClock
from tests.midi.bounded import Start, join, wait_for

if TYPE_CHECKING:
    from mido import Message

# Every test starts several processes, which is slow on a loaded machine.
pytestmark = [pytest.mark.timeout(900), pytest.mark.usefixtures("jack_here")]

STATE, PANIC = 20, 33
# A tick of 300 qpm.
TICK_S = 60.0 / 300.0 / 24
BAR_OF_3 = 3 * 24
# Messages of a feedback that nothing ends, within a second.
STORM = 500
QUIET = ("--nopassthrough", "--noenable_metronome")


class _Ports:
    """The test's ends of a program's ports."""

    def __init__(self) -> None:
        self._ports: list[SteadyInput | SteadyOutput] = []

    def keys(self, name: str) -> SteadyOutput:
        """Open an input port of the program."""
        self._ports.append(ports.open_output(_spelled(name, ports.output_names())))
        return self._ports[-1]  # type: ignore[return-value]

    def synth(self, name: str) -> list[Message]:
        """Open an output port of the program; return the list of received messages."""
        received: list[Message] = []
        self.listen(name).callback = received.append
        return received

    def listen(self, name: str) -> SteadyInput:
        """Open an output port of the program."""
        self._ports.append(ports.open_input(_spelled(name, ports.input_names())))
        return self._ports[-1]  # type: ignore[return-value]

    def close(self) -> None:
        """Close all ports."""
        for port in self._ports:
            port.close()


@pytest.fixture
def opened() -> Iterator[_Ports]:
    ports_of_test = _Ports()
    yield ports_of_test
    ports_of_test.close()


def test_each_musician_is_answered_by_a_generator_on_a_channel(
    start: Start, server: str, opened: _Ports
) -> None:
    program = start(
        "--input_ports=Keys 1",
        "--output_ports=Synth",
        "--musician=Keys 2=lstm_melody@5",
        f"--server={server}",
        "--qpm=240",
        *QUIET,
    )
    program.wait_for("Ready")
    synth = opened.synth("Synth")
    _play(opened.keys("Keys 2"))
    wait_for(lambda: 5 in _channels(synth), "the response to the second")
    _play(opened.keys("Keys 1"))
    wait_for(lambda: 0 in _channels(synth), "the response to the first")
    assert program.interrupt() == 0
    assert _channels(synth) == {0, 5}


def test_a_controller_is_assigned_by_moving_it(start: Start, server: str, opened: _Ports) -> None:
    program = start(
        "--input_ports=Keys", "--output_ports=echo", "--learn_controls", f"--server={server}"
    )
    program.write_line("3")
    program.wait_for("Move the controller for panic")
    opened.keys("Keys").send(mido.Message("control_change", control=PANIC, value=1))
    program.wait_for(f"Controller {PANIC} is assigned to panic.")
    opened.close()
    program.write_line("q")
    program.wait_for("Ready")
    opened.keys("Keys").send(mido.Message("control_change", control=PANIC, value=127))
    program.wait_for("All notes off.")
    assert program.interrupt() == 0


def test_an_external_clock_is_followed_and_forwarded(
    start: Start, server: str, opened: _Ports
) -> None:
    """Tempo changes are followed, and a stop ends all notes."""
    program = start(
        "--input_ports=Keys",
        "--output_ports=Synth",
        "--clock=midi",
        "--clock-ports=Follower",
        f"--state_control_number={STATE}",
        f"--server={server}",
        *QUIET,
    )
    program.wait_for("Ready")
    synth, follower = opened.synth("Synth"), MidiClockIn()
    opened.listen("Follower").callback = follower.receive
    keys = opened.keys("Keys")
    with _song(keys, qpm=240.0) as song:
        wait_for(lambda: follower.qpm == pytest.approx(240.0, rel=0.05), "the tempo")
        wait_for(lambda: _states(synth), "a bar")
        _play(keys)
        wait_for(lambda: 2 in [m.value for m in _states(synth)], "the response")
        song.change(200.0, time.monotonic())
        wait_for(lambda: follower.qpm == pytest.approx(200.0, rel=0.05), "the new tempo")
    wait_for(lambda: not follower.running, "the stop")
    program.wait_for("Idle")
    assert program.interrupt() == 0
    assert not _sounding(synth)


def test_a_loop_and_a_burst_are_followed_in_their_meter_after_joining(
    start: Start, server: str, opened: _Ports
) -> None:
    """The program joins a clock that is running, and follows loops of one bar of 3/4."""
    program = start(
        "--input_ports=Keys",
        "--output_ports=Synth",
        "--clock=midi",
        "--time-signature=3/4",
        f"--state_control_number={STATE}",
        f"--server={server}",
        *QUIET,
    )
    program.wait_for("Ready")
    synth, keys = opened.synth("Synth"), opened.keys("Keys")
    program.wait_for("Waiting for MIDI clock")
    _tick(keys, 30)
    program.wait_for("Waiting for a song position or the bar control")
    for _ in range(3):
        _loop(keys, BAR_OF_3)
    wait_for(lambda: len(_states(synth)) >= 3, "a tick per loop")
    _tick(keys, 30, at_once=True)
    _tick(keys, BAR_OF_3 - 30)
    _play(keys)
    for _ in range(20):
        _loop(keys, BAR_OF_3)
        if _channels(synth):
            break
    assert _channels(synth), "The call was not answered."
    keys.send(mido.Message("stop"))
    program.wait_for("Waiting for start or continue")
    assert program.interrupt() == 0
    assert not _sounding(synth)


def test_unplugged_keys_are_released_and_answered_again(
    start: Start, server: str, opened: _Ports
) -> None:
    """The note that was held does not sound on, and its call is answered."""
    with contextlib.closing(ports.open_output("Stage", virtual=True)) as stage:
        program = start(
            "--input_ports=stage",
            "--output_ports=Synth",
            f"--server={server}",
            "--qpm=240",
            "--noenable_metronome",
        )
        program.wait_for("Ready")
        synth = opened.synth("Synth")
        stage.send(mido.Message("note_on", note=60))
        wait_for(lambda: 60 in _sounding(synth), "the note of the musician")
    program.wait_for("is lost")
    wait_for(lambda: 60 not in _sounding(synth), "the end of the note")
    program.wait_for("Responding")
    with contextlib.closing(ports.open_output("Stage", virtual=True)) as stage:
        program.wait_for("is open")
        program.wait_for("Idle")
        _play(stage)
        program.wait_for("Responding")
    assert program.interrupt() == 0
    assert not _sounding(synth)


def test_feedback_is_reported_and_ends(start: Start, server: str, opened: _Ports) -> None:
    """The output is connected to the input, by a cable or the MIDI thru of an instrument."""
    program = start(
        "--input_ports=Keys", "--output_ports=Synth", f"--server={server}", "--noenable_metronome"
    )
    program.wait_for("Ready")
    keys, synth = opened.keys("Keys"), opened.listen("Synth")
    returned: list[Message] = []

    def return_message(message: Message) -> None:
        returned.append(message)
        keys.send(message)

    synth.callback = return_message
    _play(keys)
    program.wait_for("comes back as input")
    wait_for(lambda: returned and returned[-1].type == "note_off", "the end of the notes")
    assert program.interrupt() == 0
    assert len(returned) < STORM


def test_the_internal_clock_is_sent_from_its_first_bar(
    start: Start, server: str, opened: _Ports
) -> None:
    """The controller changes its tempo."""
    program = start(
        "--input_ports=Keys",
        "--output_ports=Synth",
        "--clock-ports=Synth",
        "--tempo_control_number=7",
        "--qpm=240",
        f"--server={server}",
        *QUIET,
    )
    program.wait_for("Ready")
    follower = MidiClockIn()
    opened.listen("Synth").callback = follower.receive
    wait_for(lambda: follower.qpm == pytest.approx(240.0, rel=0.05), "the tempo")
    opened.keys("Keys").send(mido.Message("control_change", control=7, value=100))
    wait_for(lambda: follower.qpm == pytest.approx(160.0, rel=0.05), "the new tempo")
    assert program.interrupt() == 0


def test_midi_clock_sends_bars_and_beats(start: Start, opened: _Ports) -> None:
    program = start("--output_ports=Ticks", "--qpm=300", name="midi_clock")
    program.wait_for("Ticking at 300 qpm")
    received = opened.synth("Ticks")
    wait_for(lambda: len(received) >= 9, "two bars")
    assert program.interrupt() == 0
    program.wait_for("Stopped.")
    # The controllers that end notes come last.
    ticks = [message for message in received if message.is_cc(42)]
    assert {message.channel for message in ticks} == {1}
    values = [message.value for message in ticks]
    first = values.index(127)
    assert values[first : first + 5] == [127, 0, 0, 0, 127]


def _loop(keys: SteadyOutput, ticks: int) -> None:
    """Jump to the start of the song, as Live does in a loop, and play."""
    keys.send(mido.Message("songpos", pos=0))
    keys.send(mido.Message("continue"))
    _tick(keys, ticks)


def _tick(keys: SteadyOutput, ticks: int, *, at_once: bool = False) -> None:
    """Send the ticks of a clock at their times, or all of them at the end."""
    begin = time.monotonic()
    for number in range(ticks):
        due = begin + (ticks if at_once else number) * TICK_S
        time.sleep(max(0.0, due - time.monotonic()))  # a clock has its own pace
        keys.send(mido.Message("clock"))
    time.sleep(max(0.0, begin + ticks * TICK_S - time.monotonic()))


@contextlib.contextmanager
def _song(keys: SteadyOutput, qpm: float) -> Iterator[InternalClock]:
    """Send MIDI clock, as Live does, and stop it at the end."""
    song = InternalClock(qpm, time.monotonic() + 0.1)
    ledger = NoteLedger.create()
    out = MidiClockOut(NoteOutput(keys, ledger), song)
    out.start()
    try:
        yield song
    finally:
        out.close()
        join(out)
        ledger.close(remove=True)


def _spelled(name: str, names: list[str]) -> str:
    return next(spelled for spelled in names if spelled.endswith(f":{name}"))


def _play(keys: SteadyOutput) -> None:
    for pitch in (60, 64):
        keys.send(mido.Message("note_on", note=pitch))
        keys.send(mido.Message("note_off", note=pitch))


def _channels(received: list[Message]) -> set[int]:
    return {message.channel for message in received if message.type == "note_on"}


def _states(received: list[Message]) -> list[Message]:
    return [m for m in received if m.type == "control_change" and m.control == STATE]


def _sounding(received: list[Message]) -> set[int]:
    sounding: set[int] = set()
    for message in received:
        if message.type == "note_on":
            sounding.add(message.note)
        elif message.type == "note_off":
            sounding.discard(message.note)
    return sounding
