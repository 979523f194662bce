"""One door for notes: what goes out, what does not, and what the ledger says meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import mido
import pytest

from magenta_bridge.errors import NotFoundError
from magenta_bridge.midi.output.all_notes_off import silence
from magenta_bridge.midi.output.note_ledger import STAYS_OPEN_S, Ledger
from magenta_bridge.midi.output.note_output import TOO_LATE_S, NoteOutput
from magenta_bridge.midi.ports.memory_port import MemoryPort
from magenta_bridge.midi.timing.clock import VirtualClock
from tests.midi.receiver import FragilePort, Receiver


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    made = Ledger.create(tmp_path)
    yield made
    made.close()


def on(pitch: int = 60, channel: int = 0) -> mido.Message:
    return mido.Message("note_on", note=pitch, channel=channel)


def off(pitch: int = 60, channel: int = 0) -> mido.Message:
    return mido.Message("note_off", note=pitch, channel=channel)


def _notes(port: MemoryPort) -> list[tuple[str, int]]:
    return [(message.type, message.note) for message in port.messages]


def test_the_ledger_is_read_in_another_process_from_its_file(ledger: Ledger) -> None:
    ledger.begin(9, 36)
    ledger.use(3)
    other = Ledger(ledger.path)
    assert other.sounding() == [(9, 36)]
    assert other.used_channels() == [3, 9]
    other.close()


def test_a_note_counts_as_open_for_a_while_after_its_end(ledger: Ledger) -> None:
    ledger.begin(0, 60)
    ledger.end(0, 60, now=5.0)
    assert ledger.sounding() == []
    assert ledger.open_notes(5.0 + 0.9 * STAYS_OPEN_S) == [(0, 60)]
    assert ledger.open_notes(5.0 + 1.1 * STAYS_OPEN_S) == []


def test_a_torn_end_counts_as_open(ledger: Ledger) -> None:
    for torn in (float("nan"), 1e300):
        ledger.begin(0, 60)
        ledger.end(0, 60, now=torn)
        assert ledger.open_notes(5.0) == [(0, 60)]


def test_more_notes_than_a_byte_holds_are_still_open(ledger: Ledger) -> None:
    for _ in range(300):
        ledger.begin(0, 60)
    assert ledger.sounding() == [(0, 60)]


def test_a_file_that_is_no_ledger_is_refused(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_bytes(bytes(1 << 16))
    for path in (other, tmp_path / "missing"):
        with pytest.raises(NotFoundError):
            Ledger(path)


def test_the_ledger_knows_a_note_before_the_receiver_and_after(ledger: Ledger) -> None:
    seen: list[tuple[str, int]] = []
    port = MemoryPort()
    outlet = NoteOutput(port, ledger, VirtualClock())
    port.callback = lambda message: seen.append((message.type, ledger.count(0, 60)))
    outlet.send(on())
    outlet.send(off())
    assert seen == [("note_on", 1), ("note_off", 1)]


def test_a_key_struck_twice_is_ended_between_and_once_more(ledger: Ledger) -> None:
    port = MemoryPort()
    outlet = NoteOutput(port, ledger, VirtualClock())
    for message in (on(), on(), off(), off()):
        outlet.send(message)
    kinds = [kind for kind, _ in _notes(port)]
    assert kinds == ["note_on", "note_off", "note_on", "note_off"]


def test_late_note_ons_are_dropped_and_counted_and_note_offs_are_not(ledger: Ledger) -> None:
    port = MemoryPort()
    clock = VirtualClock(10.0)
    outlet = NoteOutput(port, ledger, clock)
    assert outlet.send(on(60), due=10.0 - 0.9 * TOO_LATE_S)
    assert not outlet.send(on(61), due=10.0 - 1.1 * TOO_LATE_S)
    assert outlet.send(off(60), due=5.0)
    assert _notes(port) == [("note_on", 60), ("note_off", 60)]
    assert outlet.counts.late == 1
    assert outlet.counts.lateness_s == 5.0


def test_a_note_off_without_a_note_goes_nowhere(ledger: Ledger) -> None:
    port = MemoryPort()
    outlet = NoteOutput(port, ledger, VirtualClock())
    assert not outlet.send(off())
    assert port.messages == []
    assert outlet.counts.unmatched == 1


def test_panic_ends_notes_first_and_then_says_so_by_controllers(ledger: Ledger) -> None:
    port = MemoryPort()
    outlet = NoteOutput(port, ledger, VirtualClock())
    outlet.send(on(60, 2))
    outlet.send(mido.Message("pitchwheel", channel=5))
    port.messages.clear()
    outlet.panic()
    assert [message.type for message in port.messages] == ["note_off"] + 6 * ["control_change"]
    controls = [(message.channel, message.control) for message in port.messages[1:]]
    assert controls == [(c, number) for c in (2, 5) for number in (64, 123, 120)]
    assert {message.value for message in port.messages[1:]} == {0}


def test_after_a_crash_all_pitches_of_the_used_channels_end(ledger: Ledger) -> None:
    ledger.begin(1, 60)
    ended = [m.note for m in silence(ledger, all_pitches=True) if m.type == "note_off"]
    assert ended == [60, *range(128)]


def test_a_closed_outlet_is_silent_and_sends_no_more(ledger: Ledger) -> None:
    port = MemoryPort()
    outlet = NoteOutput(port, ledger, VirtualClock())
    outlet.send(on())
    outlet.close()
    outlet.close()
    assert not outlet.send(on(61))
    assert port.closed
    assert ledger.sounding() == []
    assert outlet.counts.lost == 1


def test_what_a_dead_player_left_is_ended_by_the_next(ledger: Ledger) -> None:
    ledger.begin(0, 72)
    port = MemoryPort()
    NoteOutput(port, ledger, VirtualClock())
    assert (port.messages[0].type, port.messages[0].note) == ("note_off", 72)
    assert ledger.sounding() == []


def test_a_note_off_that_a_lost_port_cannot_take_is_sent_when_it_is_back(ledger: Ledger) -> None:
    receiver = Receiver()
    port = FragilePort(receiver)
    outlet = NoteOutput(port, ledger, VirtualClock())
    outlet.send(on())
    port.vanish()
    outlet.send(off())
    assert receiver.sounding
    port.come_back()
    assert not receiver.sounding
    assert outlet.counts.lost > 0


def test_two_threads_may_send_the_same_key(ledger: Ledger) -> None:
    receiver = Receiver()
    outlet = NoteOutput(FragilePort(receiver), ledger, VirtualClock())

    def play() -> None:
        for _ in range(2000):
            outlet.send(on())
            outlet.send(off())

    threads = [threading.Thread(target=play) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (dict(receiver.sounding), receiver.strays, receiver.doubled) == ({}, [], [])
