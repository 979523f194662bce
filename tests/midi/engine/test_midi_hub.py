"""The hub: what comes in is captured, passed through and waited for; what goes out ends."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import mido
import pytest

from magenta_bridge.errors import MidiHubError
from magenta_bridge.midi.hub import Metronome, MidiHub, MidiSignal, TextureType
from magenta_bridge.midi.output.note_ledger import Ledger
from magenta_bridge.midi.output.note_output import NoteOutput
from magenta_bridge.midi.output.outputs import SharedOutput
from magenta_bridge.midi.ports import ports
from magenta_bridge.midi.ports.memory_port import EchoPort, MemoryPort
from magenta_bridge.midi.timing.clock import RealClock
from magenta_bridge.midi.timing.steady_clock import STEADY_CLOCK
from magenta_bridge.noteseq import NoteSequence
from tests.midi.notes import sequence_of, wait_for

MakeHub = Callable[..., MidiHub]


@pytest.fixture
def keys() -> EchoPort:
    """What the musician plays on: sending to it is playing."""
    return EchoPort("keys")


@pytest.fixture
def port() -> MemoryPort:
    """What the synthesizer hears."""
    return MemoryPort("synth")


@pytest.fixture
def make_hub(keys: EchoPort, port: MemoryPort) -> Iterator[MakeHub]:
    """Builds hubs between both and closes them."""
    hubs: list[MidiHub] = []
    outlets: list[SharedOutput] = []

    def make(texture: int = TextureType.POLYPHONIC, **options: object) -> MidiHub:
        # On a busy computer this way to the port drops nothing that is late.
        outlets.append(SharedOutput(port))
        hubs.append(MidiHub([keys], [outlets[-1]], texture, **options))  # type: ignore[arg-type]
        return hubs[-1]

    yield make
    for hub in hubs:
        hub.close()
    for outlet in outlets:
        outlet.close()


def _told(port: MemoryPort) -> list[tuple[str, int]]:
    return [(m.type, m.note) for m in port.messages if m.type in ("note_on", "note_off")]


def _strike(keys: EchoPort, pitch: int, kind: str = "note_on") -> None:
    keys.send(mido.Message(kind, note=pitch))


def test_chords_pass_through(keys: EchoPort, port: MemoryPort, make_hub: MakeHub) -> None:
    """Controllers too; program changes do not."""
    make_hub()
    _strike(keys, 60)
    _strike(keys, 64)
    keys.send(mido.Message("program_change", program=3))
    keys.send(mido.Message("control_change", control=1, value=7))
    _strike(keys, 60, "note_off")
    kinds = [message.type for message in port.messages]
    assert kinds == ["note_on", "note_on", "control_change", "note_off"]


def test_one_voice_passes_through(keys: EchoPort, port: MemoryPort, make_hub: MakeHub) -> None:
    """A new note ends the one before, whose own end is no message any more."""
    make_hub(TextureType.MONOPHONIC)
    _strike(keys, 60)
    _strike(keys, 64)
    _strike(keys, 60, "note_off")
    _strike(keys, 64, "note_off")
    assert _told(port) == [
        ("note_on", 60),
        ("note_off", 60),
        ("note_on", 64),
        ("note_off", 64),
    ]


def test_switching_passthrough_off_ends_the_notes(
    keys: EchoPort, port: MemoryPort, make_hub: MakeHub
) -> None:
    """And nothing passes from then on."""
    hub = make_hub()
    _strike(keys, 60)
    hub.passthrough = False
    _strike(keys, 61)
    assert not hub.passthrough
    assert _told(port) == [("note_on", 60), ("note_off", 60)]


def test_a_closed_hub_leaves_nothing_sounding(
    keys: EchoPort, port: MemoryPort, make_hub: MakeHub
) -> None:
    """Neither what was passed through nor what was played; it hears nothing any more."""
    hub = make_hub()
    now = STEADY_CLOCK.now()
    hub.start_playback(sequence_of((50, 90, now + 0.01, now + 900)), allow_updates=True)
    hub.start_capture(120, now)
    _strike(keys, 60)
    wait_for(lambda: ("note_on", 50) in _told(port), "the played note")
    hub.close()
    _strike(keys, 61)
    assert sorted(_told(port)) == [
        ("note_off", 50),
        ("note_off", 60),
        ("note_on", 50),
        ("note_on", 60),
    ]


def test_a_panic_silences_and_the_hub_goes_on(
    keys: EchoPort, port: MemoryPort, make_hub: MakeHub
) -> None:
    """Sounding notes end, what was to come is forgotten, the next note sounds."""
    hub = make_hub()
    now = STEADY_CLOCK.now()
    hub.start_playback(sequence_of((50, 90, now + 0.01, now + 900)), allow_updates=True)
    wait_for(lambda: port.messages, "the played note")
    hub.panic()
    wait_for(lambda: ("note_off", 50) in _told(port), "its end")
    _strike(keys, 60)
    assert _told(port)[-1] == ("note_on", 60)


def test_a_capture_is_stamped_with_the_wall_clock(keys: EchoPort, make_hub: MakeHub) -> None:
    """Though the port tells the monotonic time."""
    hub = make_hub()
    begin = STEADY_CLOCK.now() - 0.001
    captor = hub.start_capture(90, begin)
    _strike(keys, 60)
    _strike(keys, 60, "note_off")
    captor.stop()
    (note,) = captor.captured_sequence().notes
    assert begin <= note.start_time <= note.end_time <= STEADY_CLOCK.now()


def test_a_whole_capture_ends_by_its_signal(keys: EchoPort, make_hub: MakeHub) -> None:
    """And without one, or a time, it is refused."""
    hub = make_hub()
    with pytest.raises(MidiHubError):
        hub.capture_sequence(120, 0)
    found: list[NoteSequence] = []

    def capture() -> None:
        found.append(hub.capture_sequence(120, 0, stop_signal=MidiSignal(control=5)))

    thread = threading.Thread(target=capture)
    thread.start()

    def play() -> bool:
        _strike(keys, 60)
        keys.send(mido.Message("control_change", control=5, value=1))
        return bool(found)

    wait_for(play, "the capture")
    thread.join()
    assert [note.pitch for note in found[0].notes] == [60]


def test_somebody_may_wait_for_a_signal_or_a_time(keys: EchoPort, make_hub: MakeHub) -> None:
    """Not for both, nor for nothing; those who wait can be woken."""
    hub = make_hub()
    with pytest.raises(MidiHubError):
        hub.wait_for_event()
    with pytest.raises(MidiHubError):
        hub.wait_for_event(MidiSignal(note=1), 1.0)
    before = STEADY_CLOCK.now()
    hub.wait_for_event(timeout=0.02)
    assert STEADY_CLOCK.now() >= before + 0.02
    for wake in (lambda: _strike(keys, 1), hub.wake_signal_waiters):
        thread = threading.Thread(target=hub.wait_for_event, args=[MidiSignal(note=1)])
        thread.start()

        def woken(wake: Callable[[], None] = wake, thread: threading.Thread = thread) -> bool:
            wake()
            return not thread.is_alive()

        wait_for(woken, "the end of the wait")


def test_a_callback_hears_one_message(keys: EchoPort, make_hub: MakeHub) -> None:
    """The next of its kind, and none after."""
    hub = make_hub()
    heard: list[mido.Message] = []
    hub.register_callback(heard.append, MidiSignal(type="note_on"))
    _strike(keys, 1)
    _strike(keys, 2)
    wait_for(lambda: heard, "a call")
    assert [message.note for message in heard] == [1]


def test_controllers_are_remembered_and_sent(
    keys: EchoPort, port: MemoryPort, make_hub: MakeHub
) -> None:
    """The last value counts; None is no controller."""
    hub = make_hub(passthrough=False)
    keys.send(mido.Message("control_change", control=5, value=1))
    keys.send(mido.Message("control_change", control=5, value=9))
    assert [hub.control_value(number) for number in (5, 6, None)] == [9, None, None]
    hub.send_control_change(20, 2)
    assert port.messages[-1].bytes() == mido.Message("control_change", control=20, value=2).bytes()


def test_the_metronome_ticks_on_the_beat(port: MemoryPort, make_hub: MakeHub) -> None:
    """High, low, low, low; each tick ends, also when it is stopped."""
    hub = make_hub()
    begin = STEADY_CLOCK.now() + 0.2
    hub.start_metronome(300, begin, channel=3)
    wait_for(lambda: len(_told(port)) >= 10, "five ticks")
    hub.stop_metronome()
    hub.stop_metronome()
    ticks = [m for m in port.messages if m.type == "note_on"]
    assert {tick.channel for tick in ticks} == {3}
    beats = [(tick.time - STEADY_CLOCK.monotonic(begin)) / 0.2 for tick in ticks]
    # A tick that the computer was late with is left out; the others keep their places.
    assert [tick.note for tick in ticks] == [35 if int(beat + 0.01) % 4 else 44 for beat in beats]
    assert len(_told(port)) == 2 * len(ticks)


def test_a_hub_that_is_closed_leaves_no_file_behind(
    port: MemoryPort, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A port that it opens by name has a ledger, which is a file."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(ports, "open_output", lambda *_, **__: port)
    monkeypatch.setattr(ports, "output_names", lambda: ["synth"])
    with MidiHub(None, ["synth"], TextureType.POLYPHONIC):
        assert len(list(tmp_path.iterdir())) == 1
    assert list(tmp_path.iterdir()) == []
    assert port.closed


def test_a_metronome_may_send_anything_or_nothing(port: MemoryPort, tmp_path: Path) -> None:
    """Signals in turn, None for a pause; no tick comes after the stop time."""
    outlet = NoteOutput(port, Ledger.create(tmp_path), RealClock())
    begin = STEADY_CLOCK.now() + 0.5
    signals = [MidiSignal(control=42, value=127), None, MidiSignal(control=42, value=0)]
    metronome = Metronome(outlet, 240, begin, stop_time=begin + 0.875, signals=signals)
    metronome.start()
    metronome.join()
    values = [m.value for m in port.messages if m.type == "control_change"]
    assert values == [127, 0, 127]


def test_a_port_of_mido_is_borrowed() -> None:
    """It hears and sends as with Magenta's hub, and is left open."""
    port = mido.ports.EchoPort()
    heard: list[mido.Message] = []
    port._send = heard.append
    with MidiHub([port], [port], TextureType.POLYPHONIC) as hub:
        hub._inports[0].callback(mido.Message("note_on", note=1))  # type: ignore[misc]
        hub._inports[0].callback(mido.Message("note_off", note=2))  # type: ignore[misc]
    assert not port.closed
    assert [(m.type, m.note) for m in heard] == [("note_on", 1), ("note_off", 2), ("note_off", 1)]
