"""Whole programs over real ports: several musicians, controllers, clocks in and out."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

import mido
import pytest
from magenta_bridge.midi.timing.clock import RealClock
from tests.midi.program import Start

from magenta_bridge.midi.engine.midi_clock_out import BeatClockOut
from magenta_bridge.midi.output.note_ledger import Ledger
from magenta_bridge.midi.output.note_output import NoteOutput
from magenta_bridge.midi.ports import ports
from magenta_bridge.midi.ports.reconnecting_port import SteadyInput, SteadyOutput
from magenta_bridge.midi.timing.midi_clock_in import MidiClockIn
from magenta_bridge.midi.timing.tempo import InternalClock
from tests.midi.notes import wait_for

if TYPE_CHECKING:
    from mido import Message

# Every test starts several processes, which takes long on a busy machine.
pytestmark = [pytest.mark.timeout(300), pytest.mark.usefixtures("jack_here")]

STATE, PANIC = 20, 33
QUIET = ("--nopassthrough", "--noenable_metronome")


class _Ends:
    """The test's ends of a program's ports, closed at last."""

    def __init__(self) -> None:
        self._ports: list[SteadyInput | SteadyOutput] = []

    def keys(self, name: str) -> SteadyOutput:
        """Opens a port that the program hears."""
        self._ports.append(ports.open_output(_spelled(name, ports.output_names())))
        return self._ports[-1]  # type: ignore[return-value]

    def synth(self, name: str) -> list[Message]:
        """Opens a port that the program plays to; returns what will have come in."""
        heard: list[Message] = []
        self.listen(name).callback = heard.append
        return heard

    def listen(self, name: str) -> SteadyInput:
        """Opens a port that the program plays to."""
        self._ports.append(ports.open_input(_spelled(name, ports.input_names())))
        return self._ports[-1]  # type: ignore[return-value]

    def close(self) -> None:
        """Lets all ports go."""
        for port in self._ports:
            port.close()


@pytest.fixture
def ends() -> Iterator[_Ends]:
    opened = _Ends()
    yield opened
    opened.close()


def test_each_musician_is_answered_by_a_generator_on_a_channel(
    start: Start, server: str, ends: _Ends
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
    synth = ends.synth("Synth")
    _play(ends.keys("Keys 2"))
    wait_for(lambda: 5 in _channels(synth), "the response to the second")
    _play(ends.keys("Keys 1"))
    wait_for(lambda: 0 in _channels(synth), "the response to the first")
    assert program.interrupt() == 0
    assert _channels(synth) == {0, 5}


def test_a_controller_is_learnt_by_turning_it(start: Start, server: str, ends: _Ends) -> None:
    program = start(
        "--input_ports=Keys", "--output_ports=echo", "--learn_controls", f"--server={server}"
    )
    program.told("3")
    program.wait_for("Turn the controller for panic")
    ends.keys("Keys").send(mido.Message("control_change", control=PANIC, value=1))
    program.wait_for(f"Controller {PANIC} is now panic.")
    ends.close()
    program.told("q")
    program.wait_for("Ready")
    ends.keys("Keys").send(mido.Message("control_change", control=PANIC, value=127))
    program.wait_for("All notes off.")
    assert program.interrupt() == 0


def test_a_clock_is_followed_and_handed_on(start: Start, server: str, ends: _Ends) -> None:
    """The response begins on its bar; tempo changes are followed; its stop is silence."""
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
    synth, follower = ends.synth("Synth"), MidiClockIn()
    ends.listen("Follower").callback = follower.receive
    keys = ends.keys("Keys")
    with _song(keys, qpm=240.0) as song:
        wait_for(lambda: follower.qpm == pytest.approx(240.0, rel=0.02), "the tempo")
        wait_for(lambda: _states(synth), "a bar")
        _play(keys)
        wait_for(lambda: 2 in [m.value for m in _states(synth)], "the response")
        began = next(message.time for message in _states(synth) if message.value == 2)
        off = song.beat_at(began) % 4
        assert min(off, 4 - off) < 0.5
        at = RealClock().now()
        assert follower.beat_at(at) == pytest.approx(song.beat_at(at), abs=0.5)
        song.change(200.0, at)
        wait_for(lambda: follower.qpm == pytest.approx(200.0, rel=0.02), "the new tempo")
    wait_for(lambda: not follower.running, "the stop")
    program.wait_for("Idle")
    assert program.interrupt() == 0
    assert not _sounding(synth)


def test_our_own_clock_is_handed_on_from_its_first_bar(
    start: Start, server: str, ends: _Ends
) -> None:
    """Its tempo is the controller's once that is turned."""
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
    ends.listen("Synth").callback = follower.receive
    wait_for(lambda: follower.qpm == pytest.approx(240.0, rel=0.02), "the tempo")
    ends.keys("Keys").send(mido.Message("control_change", control=7, value=100))
    wait_for(lambda: follower.qpm == pytest.approx(160.0, rel=0.02), "the new tempo")
    assert program.interrupt() == 0


def test_midi_clock_ticks_bars_and_beats(start: Start, ends: _Ends) -> None:
    program = start("--output_ports=Ticks", "--qpm=300", name="midi_clock")
    program.wait_for("Ticking at 300 qpm")
    heard = ends.synth("Ticks")
    wait_for(lambda: len(heard) >= 9, "two bars")
    assert program.interrupt() == 0
    program.wait_for("Stopped.")
    # What ends notes comes last of all.
    ticks = [message for message in heard if message.is_cc(42)]
    assert {message.channel for message in ticks} == {1}
    values = [message.value for message in ticks]
    first = values.index(127)
    assert values[first : first + 5] == [127, 0, 0, 0, 127]


@contextlib.contextmanager
def _song(keys: SteadyOutput, qpm: float) -> Iterator[InternalClock]:
    """Sends a beat clock, as Live does, and stops it at last."""
    song = InternalClock(qpm, RealClock().now() + 0.1)
    ledger = Ledger.create()
    out = BeatClockOut(NoteOutput(keys, ledger, RealClock()), song)
    out.start()
    try:
        yield song
    finally:
        out.close()
        out.join()
        ledger.close(remove=True)


def _spelled(name: str, names: list[str]) -> str:
    return next(spelled for spelled in names if spelled.endswith(f":{name}"))


def _play(keys: SteadyOutput) -> None:
    for pitch in (60, 64):
        keys.send(mido.Message("note_on", note=pitch))
        keys.send(mido.Message("note_off", note=pitch))


def _channels(heard: list[Message]) -> set[int]:
    return {message.channel for message in heard if message.type == "note_on"}


def _states(heard: list[Message]) -> list[Message]:
    return [m for m in heard if m.type == "control_change" and m.control == STATE]


def _sounding(heard: list[Message]) -> set[int]:
    sounding: set[int] = set()
    for message in heard:
        if message.type == "note_on":
            sounding.add(message.note)
        elif message.type == "note_off":
            sounding.discard(message.note)
    return sounding
