"""Whatever happens to an event queue, every note that starts ends once."""

from __future__ import annotations

import mido
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from magenta_bridge.midi.engine.event_queue import EventQueue
from tests.midi.notes import sequence_of

NOTES = st.lists(
    st.tuples(
        st.integers(60, 63),
        st.integers(0, 127),
        st.floats(0, 10).map(lambda s: round(s, 1)),
        st.floats(0, 3).map(lambda s: round(s, 1)),
    ).map(lambda n: (n[0], n[1], n[2], n[2] + n[3])),
    max_size=8,
)


class Played(RuleBasedStateMachine):
    """A queue and a strict receiver."""

    def __init__(self) -> None:
        super().__init__()
        self.queue = EventQueue(channel=3, offset=0.25)
        self.now = 0.0
        self.sounding: set[int] = set()

    @rule(notes=NOTES, before=st.floats(-1, 2))
    def replace(self, notes: list[tuple[int, int, float, float]], before: float) -> None:
        """Replace the sequence."""
        self.queue.replace(sequence_of(*notes), self.now + before)

    @rule(notes=NOTES)
    def extend(self, notes: list[tuple[int, int, float, float]]) -> None:
        """Add notes."""
        self.queue.extend(sequence_of(*notes).notes)

    @rule(factor=st.floats(0.25, 4.0))
    def stretch(self, factor: float) -> None:
        """Change the tempo."""
        self.queue.stretch(self.now, factor)

    @rule(ahead=st.floats(-1, 3))
    def skip(self, ahead: float) -> None:
        """Drop late messages."""
        self.queue.skip_until(self.now + ahead)

    @rule()
    def silence(self) -> None:
        """Stop the music."""
        self.queue.silence(self.now)
        self.play(200)
        assert not self.sounding

    @rule(count=st.integers(1, 6))
    def play(self, count: int) -> None:
        """Send some events."""
        for _ in range(count):
            due = self.queue.next_time()
            if due is None:
                assert not self.sounding
                return
            self.now = max(self.now, due)
            for message in self.queue.pop():
                self.receive(message)

    def receive(self, message: mido.Message) -> None:
        """Receive a message as a strict synthesizer would."""
        assert message.channel == 3
        if message.type == "note_on":
            assert message.note not in self.sounding
            self.sounding.add(message.note)
        else:
            self.sounding.discard(message.note)

    @invariant()
    def active_notes_are_tracked(self) -> None:
        assert self.queue.open_pitches == self.sounding

    def teardown(self) -> None:
        """Play to the end."""
        self.play(10_000)
        assert not self.sounding


TestPlayed = Played.TestCase
TestPlayed.settings = settings(max_examples=80, stateful_step_count=20, deadline=None)


def _drain(queue: EventQueue) -> list[tuple[float, str, int]]:
    sent = []
    while (due := queue.next_time()) is not None:
        sent += [(due, message.type, message.note) for message in queue.pop()]
    return sent


def test_a_note_ends_before_the_next_of_its_pitch_starts() -> None:
    """At equal times the end is first, and the end of an overlapped note is not sent."""
    queue = EventQueue()
    queue.extend(sequence_of((60, 90, 0.0, 2.0), (60, 90, 1.0, 3.0), (62, 90, 2.0, 2.5)).notes)
    assert _drain(queue) == [
        (0.0, "note_on", 60),
        (1.0, "note_off", 60),
        (1.0, "note_on", 60),
        (2.0, "note_on", 62),
        (2.5, "note_off", 62),
        (3.0, "note_off", 60),
    ]


def test_an_update_ends_other_notes_with_its_first_event() -> None:
    """A note in both gets its new end; a note that started elsewhere is not played."""
    queue = EventQueue()
    queue.extend(sequence_of((60, 90, 0.0, 9.0), (61, 90, 0.0, 9.0)).notes)
    queue.pop()
    queue.pop()
    update = sequence_of((61, 90, 0.0, 0.8), (62, 90, 0.0, 1.0), (70, 55, 0.3, 0.5))
    queue.replace(update, 0.2)
    assert _drain(queue) == [
        (0.3, "note_off", 60),
        (0.3, "note_on", 70),
        (0.5, "note_off", 70),
        (0.8, "note_off", 61),
    ]


def test_unplayable_notes_are_omitted() -> None:
    """Silent notes, notes without length, and pitches outside of MIDI."""
    queue = EventQueue()
    queue.extend(sequence_of((60, 0, 0.0, 1.0), (61, 90, 1.0, 1.0), (200, 90, 0.0, 1.0)).notes)
    assert queue.next_time() is None


def test_a_tempo_change_moves_pending_messages() -> None:
    """At half the tempo, one second ahead becomes two seconds ahead."""
    queue = EventQueue()
    queue.extend(sequence_of((60, 90, 1.0, 2.0)).notes)
    queue.pop()
    queue.stretch(1.5, 2.0)
    assert queue.next_time() == 2.5


def test_a_note_that_is_moved_back_keeps_its_end_after_its_start() -> None:
    """Otherwise the note-on would follow its note-off, and the note would hang."""
    queue = EventQueue()
    queue.extend(sequence_of((60, 90, 1.0, 1.01)).notes)
    queue.stretch(1.0, 1.5, -0.02)
    times = []
    while (time_s := queue.next_time()) is not None:
        times.append(time_s)
        queue.pop()
    assert len(times) == 2
    assert times[0] < times[1]
