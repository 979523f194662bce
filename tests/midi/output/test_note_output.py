"""Which notes an output sends and drops, and the state of its ledger meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import mido
import pytest

from magenta_bridge.errors import NotFoundError
from magenta_bridge.midi.output.note_ledger import STAYS_OPEN_S, NoteLedger, all_notes_off
from magenta_bridge.midi.output.note_output import TOO_LATE_S, NoteOutput
from magenta_bridge.midi.ports.memory_port import MemoryPort
from tests.midi.bounded import join
from tests.midi.receiver import FragilePort, Receiver


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[NoteLedger]:
    created = NoteLedger.create(tmp_path)
    yield created
    created.close()


def on(pitch: int = 60, channel: int = 0) -> mido.Message:
    return mido.Message("note_on", note=pitch, channel=channel)


def off(pitch: int = 60, channel: int = 0) -> mido.Message:
    return mido.Message("note_off", note=pitch, channel=channel)


def _now() -> float:
    return 1000.0


def _notes(port: MemoryPort) -> list[tuple[str, int]]:
    return [(message.type, message.note) for message in port.messages]


def test_the_ledger_is_read_in_another_process_from_its_file(ledger: NoteLedger) -> None:
    ledger.begin(9, 36)
    ledger.use(3)
    other = NoteLedger(ledger.path)
    assert other.sounding() == [(9, 36)]
    assert other.used_channels() == [3, 9]
    other.close()


def test_a_note_counts_as_open_for_a_while_after_its_end(ledger: NoteLedger) -> None:
    ledger.begin(0, 60)
    ledger.end(0, 60, now=5.0)
    assert ledger.sounding() == []
    assert ledger.open_notes(5.0 + 0.9 * STAYS_OPEN_S) == [(0, 60)]
    assert ledger.open_notes(5.0 + 1.1 * STAYS_OPEN_S) == []


def test_a_torn_end_counts_as_open(ledger: NoteLedger) -> None:
    for torn in (float("nan"), 1e300):
        ledger.begin(0, 60)
        ledger.end(0, 60, now=torn)
        assert ledger.open_notes(5.0) == [(0, 60)]


def test_more_notes_than_a_byte_holds_are_still_open(ledger: NoteLedger) -> None:
    for _ in range(300):
        ledger.begin(0, 60)
    assert ledger.sounding() == [(0, 60)]


def test_a_file_that_is_not_a_ledger_raises_an_error(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_bytes(bytes(1 << 16))
    for path in (other, tmp_path / "missing"):
        with pytest.raises(NotFoundError):
            NoteLedger(path)


def test_a_note_is_recorded_before_its_note_on_and_until_after_its_note_off(
    ledger: NoteLedger,
) -> None:
    seen: list[tuple[str, int]] = []
    port = MemoryPort()
    output = NoteOutput(port, ledger, _now)
    port.callback = lambda message: seen.append((message.type, ledger.count(0, 60)))
    output.send(on())
    output.send(off())
    assert seen == [("note_on", 1), ("note_off", 1)]


def test_a_repeated_note_on_first_ends_the_active_note(ledger: NoteLedger) -> None:
    port = MemoryPort()
    output = NoteOutput(port, ledger, _now)
    for message in (on(), on(), off(), off()):
        output.send(message)
    kinds = [kind for kind, _ in _notes(port)]
    assert kinds == ["note_on", "note_off", "note_on", "note_off"]


def test_late_note_ons_are_dropped_and_counted_and_note_offs_are_not(ledger: NoteLedger) -> None:
    port = MemoryPort()
    output = NoteOutput(port, ledger, lambda: 10.0)
    assert output.send(on(60), due=10.0 - 0.9 * TOO_LATE_S)
    assert not output.send(on(61), due=10.0 - 1.1 * TOO_LATE_S)
    assert output.send(off(60), due=5.0)
    assert _notes(port) == [("note_on", 60), ("note_off", 60)]
    assert output.counts.late == 1
    assert output.counts.lateness_s == 5.0


def test_a_note_off_without_a_note_is_dropped(ledger: NoteLedger) -> None:
    port = MemoryPort()
    output = NoteOutput(port, ledger, _now)
    assert not output.send(off())
    assert port.messages == []
    assert output.counts.unmatched == 1


def test_panic_sends_note_offs_and_then_controllers(ledger: NoteLedger) -> None:
    port = MemoryPort()
    output = NoteOutput(port, ledger, _now)
    output.send(on(60, 2))
    output.send(mido.Message("pitchwheel", channel=5))
    port.messages.clear()
    output.panic()
    assert [message.type for message in port.messages] == ["note_off"] + 6 * ["control_change"]
    controls = [(message.channel, message.control) for message in port.messages[1:]]
    assert controls == [(c, number) for c in (2, 5) for number in (64, 123, 120)]
    assert {message.value for message in port.messages[1:]} == {0}


def test_after_a_crash_all_pitches_of_the_used_channels_end(ledger: NoteLedger) -> None:
    ledger.begin(1, 60)
    ended = [m.note for m in all_notes_off(ledger, all_pitches=True) if m.type == "note_off"]
    assert ended == [60, *range(128)]


def test_a_closed_output_is_silent_and_drops_messages(ledger: NoteLedger) -> None:
    port = MemoryPort()
    output = NoteOutput(port, ledger, _now)
    output.send(on())
    output.close()
    output.close()
    assert not output.send(on(61))
    assert port.closed
    assert ledger.sounding() == []
    assert output.counts.lost == 1


def test_notes_of_a_dead_player_are_ended_by_the_next(ledger: NoteLedger) -> None:
    ledger.begin(0, 72)
    port = MemoryPort()
    NoteOutput(port, ledger, _now)
    assert (port.messages[0].type, port.messages[0].note) == ("note_off", 72)
    assert ledger.sounding() == []


def test_a_note_off_to_a_lost_port_is_sent_when_it_returns(ledger: NoteLedger) -> None:
    receiver = Receiver()
    port = FragilePort(receiver)
    output = NoteOutput(port, ledger, _now)
    output.send(on())
    port.vanish()
    output.send(off())
    assert receiver.sounding
    port.come_back()
    assert not receiver.sounding
    assert output.counts.lost > 0


def test_two_threads_may_send_the_same_key(ledger: NoteLedger) -> None:
    receiver = Receiver()
    output = NoteOutput(FragilePort(receiver), ledger, _now)

    def play() -> None:
        for _ in range(2000):
            output.send(on())
            output.send(off())

    threads = [threading.Thread(target=play) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        join(thread)
    assert (dict(receiver.sounding), receiver.strays, receiver.doubled) == ({}, [], [])
