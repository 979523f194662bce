"""The hub captures, passes through and waits for messages, and ends the notes it sends."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import mido
import pytest

from magenta_bridge.errors import MidiHubError
from magenta_bridge.midi.hub import Metronome, MidiHub, MidiSignal, TextureType
from magenta_bridge.midi.output.note_ledger import NoteLedger
from magenta_bridge.midi.output.note_output import NoteOutput, SharedOutput
from magenta_bridge.midi.ports import ports
from magenta_bridge.midi.ports.memory_port import EchoPort, MemoryPort
from magenta_bridge.midi.timing.steady_clock import STEADY_CLOCK
from magenta_bridge.noteseq import NoteSequence
from tests.midi.bounded import join, run_bounded, wait_for
from tests.midi.notes import sequence_of
from tests.midi.virtual_clock import ClockedPort, VirtualClock

MakeHub = Callable[..., MidiHub]
# Messages of a feedback that nothing ends.
STORM = 100


@pytest.fixture
def keys() -> EchoPort:
    """The musician's port; sending to it means playing."""
    return EchoPort("keys")


@pytest.fixture
def port() -> MemoryPort:
    """The synthesizer's port."""
    return MemoryPort("synth")


@pytest.fixture
def make_hub(keys: EchoPort, port: MemoryPort) -> Iterator[MakeHub]:
    """Create hubs between both, closed afterward."""
    hubs: list[MidiHub] = []
    outputs: list[SharedOutput] = []

    def make(texture: int = TextureType.POLYPHONIC, **options: object) -> MidiHub:
        # This output drops no late notes on a loaded machine.
        outputs.append(SharedOutput(port))
        hubs.append(MidiHub([keys], [outputs[-1]], texture, **options))  # type: ignore[arg-type]
        return hubs[-1]

    yield make
    for hub in hubs:
        run_bounded(hub.close, "the close of the hub")
    for output in outputs:
        output.close()


def _sent(port: MemoryPort) -> list[tuple[str, int]]:
    return [(m.type, m.note) for m in port.messages if m.type in ("note_on", "note_off")]


def _strike(keys: EchoPort, pitch: int, kind: str = "note_on") -> None:
    keys.send(mido.Message(kind, note=pitch))


def test_chords_pass_through(keys: EchoPort, port: MemoryPort, make_hub: MakeHub) -> None:
    """Controllers too, but not program changes."""
    make_hub()
    _strike(keys, 60)
    _strike(keys, 64)
    keys.send(mido.Message("program_change", program=3))
    keys.send(mido.Message("control_change", control=1, value=7))
    _strike(keys, 60, "note_off")
    kinds = [message.type for message in port.messages]
    assert kinds == ["note_on", "note_on", "control_change", "note_off"]


def test_one_voice_passes_through(keys: EchoPort, port: MemoryPort, make_hub: MakeHub) -> None:
    """A new note ends the previous one, whose own note-off is dropped."""
    make_hub(TextureType.MONOPHONIC)
    _strike(keys, 60)
    _strike(keys, 64)
    _strike(keys, 60, "note_off")
    _strike(keys, 64, "note_off")
    assert _sent(port) == [
        ("note_on", 60),
        ("note_off", 60),
        ("note_on", 64),
        ("note_off", 64),
    ]


def test_switching_passthrough_off_ends_the_notes(
    keys: EchoPort, port: MemoryPort, make_hub: MakeHub
) -> None:
    """Later notes are not passed through."""
    hub = make_hub()
    _strike(keys, 60)
    hub.passthrough = False
    _strike(keys, 61)
    assert not hub.passthrough
    assert _sent(port) == [("note_on", 60), ("note_off", 60)]


def test_a_closed_hub_ends_all_notes(keys: EchoPort, port: MemoryPort, make_hub: MakeHub) -> None:
    """Those of passthrough and playback; later messages are ignored."""
    hub = make_hub()
    now = STEADY_CLOCK.now()
    hub.start_playback(sequence_of((50, 90, now + 0.01, now + 900)), allow_updates=True)
    hub.start_capture(120, now)
    _strike(keys, 60)
    wait_for(lambda: ("note_on", 50) in _sent(port), "the played note")
    run_bounded(hub.close, "the close of the hub")
    _strike(keys, 61)
    assert sorted(_sent(port)) == [
        ("note_off", 50),
        ("note_off", 60),
        ("note_on", 50),
        ("note_on", 60),
    ]


def test_a_panic_ends_all_notes_and_the_hub_continues(
    keys: EchoPort, port: MemoryPort, make_hub: MakeHub
) -> None:
    """Active notes end, pending ones are dropped, and the next note is sent."""
    hub = make_hub()
    now = STEADY_CLOCK.now()
    hub.start_playback(sequence_of((50, 90, now + 0.01, now + 900)), allow_updates=True)
    wait_for(lambda: port.messages, "the played note")
    hub.panic()
    wait_for(lambda: ("note_off", 50) in _sent(port), "its end")
    _strike(keys, 60)
    assert _sent(port)[-1] == ("note_on", 60)


def test_a_capture_is_stamped_with_the_wall_clock(keys: EchoPort, make_hub: MakeHub) -> None:
    """Although the port uses the monotonic clock."""
    hub = make_hub()
    begin = STEADY_CLOCK.now() - 0.001
    captor = hub.start_capture(90, begin)
    _strike(keys, 60)
    _strike(keys, 60, "note_off")
    run_bounded(captor.stop, "the stop of the captor")
    (note,) = captor.captured_sequence().notes
    assert begin <= note.start_time <= note.end_time <= STEADY_CLOCK.now()


def test_a_capture_ends_with_its_signal(keys: EchoPort, make_hub: MakeHub) -> None:
    """A capture without a signal or a time raises an error."""
    hub = make_hub()
    with pytest.raises(MidiHubError):
        hub.capture_sequence(120, 0)
    found: list[NoteSequence] = []

    def capture() -> None:
        found.append(hub.capture_sequence(120, 0, stop_signal=MidiSignal(control=5)))

    thread = threading.Thread(target=capture, daemon=True)
    thread.start()

    def play() -> bool:
        _strike(keys, 60)
        keys.send(mido.Message("control_change", control=5, value=1))
        return bool(found)

    wait_for(play, "the capture")
    join(thread)
    assert [note.pitch for note in found[0].notes] == [60]


def test_a_thread_can_wait_for_a_signal_or_a_time(keys: EchoPort, make_hub: MakeHub) -> None:
    """For exactly one of both; waiting threads can be woken."""
    hub = make_hub()
    with pytest.raises(MidiHubError):
        hub.wait_for_event()
    with pytest.raises(MidiHubError):
        hub.wait_for_event(MidiSignal(note=1), 1.0)
    before = STEADY_CLOCK.now()
    hub.wait_for_event(timeout=0.02)
    assert STEADY_CLOCK.now() >= before + 0.02
    for wake in (lambda: _strike(keys, 1), hub.wake_signal_waiters):
        thread = threading.Thread(target=hub.wait_for_event, args=[MidiSignal(note=1)], daemon=True)
        thread.start()

        def woken(wake: Callable[[], None] = wake, thread: threading.Thread = thread) -> bool:
            wake()
            return not thread.is_alive()

        wait_for(woken, "the end of the wait")


def test_a_callback_receives_one_message(keys: EchoPort, make_hub: MakeHub) -> None:
    """The next matching one."""
    hub = make_hub()
    received: list[mido.Message] = []
    hub.register_callback(received.append, MidiSignal(type="note_on"))
    _strike(keys, 1)
    _strike(keys, 2)
    wait_for(lambda: received, "a call")
    assert [message.note for message in received] == [1]


def test_controllers_are_stored_and_sent(
    keys: EchoPort, port: MemoryPort, make_hub: MakeHub
) -> None:
    """The last value counts; None means that there is no controller."""
    hub = make_hub(passthrough=False)
    keys.send(mido.Message("control_change", control=5, value=1))
    keys.send(mido.Message("control_change", control=5, value=9))
    assert [hub.control_value(number) for number in (5, 6, None)] == [9, None, None]
    hub.send_control_change(20, 2)
    assert port.messages[-1].bytes() == mido.Message("control_change", control=20, value=2).bytes()


def test_the_metronome_of_a_hub_ends_each_tick(port: MemoryPort, make_hub: MakeHub) -> None:
    """Also when it is stopped."""
    hub = make_hub()
    hub.start_metronome(300, STEADY_CLOCK.now(), channel=3)
    wait_for(lambda: len(_sent(port)) >= 10, "five ticks")
    run_bounded(hub.stop_metronome, "the stop of the metronome")
    hub.stop_metronome()
    kinds = [kind for kind, _ in _sent(port)]
    assert kinds == ["note_on", "note_off"] * (len(kinds) // 2)
    assert {message.channel for message in port.messages} == {3}


def _ticks(metronome: Metronome, earliest: float, count: int) -> list[tuple[float, int | None]]:
    found: list[tuple[float, int | None]] = []
    while len(found) < count and (tick := metronome.next_tick(earliest)) is not None:
        due, message = tick
        value = None if message is None else getattr(message, "note", None)
        found.append(
            (round(due, 6), message.value if message is not None and value is None else value)
        )
        earliest = due + 0.001
    return found


def test_the_metronome_ticks_on_the_beat(port: MemoryPort, tmp_path: Path) -> None:
    """High, low, low, low; missed ticks are skipped, and the others keep their places."""
    clock = VirtualClock(1000.0)
    output = NoteOutput(port, NoteLedger.create(tmp_path), clock.now)
    metronome = Metronome(output, 300, 1000.0, clock=clock)
    notes = [(1000.0, 44), (1000.2, 35), (1000.4, 35), (1000.6, 35), (1000.8, 44)]
    assert _ticks(metronome, 999.0, 5) == notes
    assert _ticks(metronome, 1000.7, 1) == notes[-1:]


def test_a_metronome_can_send_any_message_or_none(port: MemoryPort, tmp_path: Path) -> None:
    """No tick comes after the stop time."""
    clock = VirtualClock(1000.0)
    output = NoteOutput(port, NoteLedger.create(tmp_path), clock.now)
    signals = [MidiSignal(control=42, value=127), None, MidiSignal(control=42, value=0)]
    metronome = Metronome(output, 240, 1000.0, 1000.875, signals=signals, clock=clock)
    ticks = [(1000.0, 127), (1000.25, None), (1000.5, 0), (1000.75, 127)]
    assert _ticks(metronome, 1000.0, 9) == ticks
    metronome.start()
    join(metronome)
    assert [m.value for m in port.messages if m.type == "control_change"] == [127, 0, 127]


def test_a_closed_hub_deletes_its_files(
    port: MemoryPort, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A port that the hub opens by name has a ledger file."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(ports, "open_output", lambda *_, **__: port)
    monkeypatch.setattr(ports, "output_names", lambda: ["synth"])
    with MidiHub(None, ["synth"], TextureType.POLYPHONIC):
        assert len(list(tmp_path.iterdir())) == 1
    assert list(tmp_path.iterdir()) == []
    assert port.closed


def test_a_mido_port_stays_open() -> None:
    """It receives and sends as with Magenta's hub."""
    port = mido.ports.EchoPort()
    received: list[mido.Message] = []
    port._send = received.append
    with MidiHub([port], [port], TextureType.POLYPHONIC) as hub:
        hub._inports[0].callback(mido.Message("note_on", note=1))  # type: ignore[misc]
        hub._inports[0].callback(mido.Message("note_off", note=2))  # type: ignore[misc]
    assert not port.closed
    assert [(m.type, m.note) for m in received] == [
        ("note_on", 1),
        ("note_off", 2),
        ("note_off", 1),
    ]


@pytest.mark.parametrize("control", [120, 123, 126])
def test_all_notes_off_ends_what_was_played(
    keys: EchoPort, port: MemoryPort, make_hub: MakeHub, control: int
) -> None:
    """The captured notes and the passed ones, whose note-offs do not arrive."""
    hub = make_hub()
    captor = hub.start_capture(120, STEADY_CLOCK.now())
    _strike(keys, 60)
    _strike(keys, 64)
    keys.send(mido.Message("control_change", control=control))
    captured = captor.captured_sequence(STEADY_CLOCK.now() + 60)
    assert all(note.end_time < STEADY_CLOCK.now() + 1 for note in captured.notes)
    assert sorted(_sent(port)[2:]) == [("note_off", 60), ("note_off", 64)]
    _strike(keys, 60)
    assert len(captor.captured_sequence(STEADY_CLOCK.now() + 60).notes) == 3


def test_a_lost_port_and_a_panic_end_what_was_played(
    keys: EchoPort, port: MemoryPort, make_hub: MakeHub
) -> None:
    """Pedals too; a port that returns changes nothing."""
    hub = make_hub()
    captor = hub.start_capture(120, STEADY_CLOCK.now())
    assert keys.on_change is not None
    _strike(keys, 60)
    keys.send(mido.Message("control_change", control=64, value=127, channel=2))
    keys.on_change()
    assert _sent(port) == [("note_on", 60)]
    keys.close()
    keys.on_change()
    assert _sent(port) == [("note_on", 60), ("note_off", 60)]
    assert port.messages[-1].bytes() == [0xB2, 64, 0]
    (note,) = captor.captured_sequence(STEADY_CLOCK.now() + 60).notes
    assert note.end_time < STEADY_CLOCK.now() + 1
    hub.panic()


def test_a_pressed_pedal_is_released_once(
    keys: EchoPort, port: MemoryPort, make_hub: MakeHub
) -> None:
    hub = make_hub()
    for control, value in ((64, 90), (66, 64), (69, 127), (66, 0), (1, 100)):
        keys.send(mido.Message("control_change", control=control, value=value))
    sent = len(port.messages)
    hub.release_pedals()
    hub.release_pedals()
    assert sorted(message.control for message in port.messages[sent:]) == [64, 69]
    assert {message.value for message in port.messages[sent:]} == {0}


def test_feedback_of_the_output_ends(caplog: pytest.LogCaptureFixture) -> None:
    """One warning; what a musician plays is still heard."""
    keys, port = ClockedPort(STEADY_CLOCK, "keys"), ClockedPort(STEADY_CLOCK, "synth")
    output = SharedOutput(port)
    sent: list[int] = []

    def send_back(message: mido.Message) -> None:
        sent.append(message.note)
        if len(sent) < STORM:
            keys.send(message)

    port.callback = send_back
    with MidiHub([keys], [output], TextureType.POLYPHONIC):
        _strike(keys, 60)
        assert len(sent) < STORM
        assert caplog.text.count("comes back as input") == 1
        before = len(sent)
        _strike(keys, 61)
        assert sent[before:] == [61]
    output.close()
