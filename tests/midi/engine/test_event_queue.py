"""Whatever happens to a schedule, every note that begins ends, once."""

from __future__ import annotations

import mido
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from magenta_bridge.midi.engine.event_queue import Schedule
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
    """A schedule, and a strict receiver of what it sends."""

    def __init__(self) -> None:
        super().__init__()
        self.schedule = Schedule(channel=3, offset=0.25)
        self.now = 0.0
        self.sounding: set[int] = set()

    @rule(notes=NOTES, before=st.floats(-1, 2))
    def replace(self, notes: list[tuple[int, int, float, float]], before: float) -> None:
        """Another sequence takes over."""
        self.schedule.replace(sequence_of(*notes), self.now + before)

    @rule(notes=NOTES)
    def extend(self, notes: list[tuple[int, int, float, float]]) -> None:
        """More notes arrive."""
        self.schedule.extend(sequence_of(*notes).notes)

    @rule(factor=st.floats(0.25, 4.0))
    def stretch(self, factor: float) -> None:
        """The tempo changes."""
        self.schedule.stretch(self.now, factor)

    @rule(ahead=st.floats(-1, 3))
    def skip(self, ahead: float) -> None:
        """What is late is forgotten."""
        self.schedule.skip_until(self.now + ahead)

    @rule()
    def silence(self) -> None:
        """Somebody stops the music."""
        self.schedule.silence(self.now)
        self.play(200)
        assert not self.sounding

    @rule(count=st.integers(1, 6))
    def play(self, count: int) -> None:
        """Some events are sent."""
        for _ in range(count):
            due = self.schedule.next_time()
            if due is None:
                assert not self.sounding
                return
            self.now = max(self.now, due)
            for message in self.schedule.pop():
                self.receive(message)

    def receive(self, message: mido.Message) -> None:
        """Takes a message as a strict synthesizer would."""
        assert message.channel == 3
        if message.type == "note_on":
            assert message.note not in self.sounding
            self.sounding.add(message.note)
        else:
            self.sounding.discard(message.note)

    @invariant()
    def the_books_are_right(self) -> None:
        """The schedule knows what sounds."""
        assert self.schedule.open_pitches == self.sounding

    def teardown(self) -> None:
        """Plays to the end."""
        self.play(10_000)
        assert not self.sounding


TestPlayed = Played.TestCase
TestPlayed.settings = settings(max_examples=80, stateful_step_count=20, deadline=None)


def _drain(schedule: Schedule) -> list[tuple[float, str, int]]:
    heard = []
    while (due := schedule.next_time()) is not None:
        heard += [(due, message.type, message.note) for message in schedule.pop()]
    return heard


def test_a_note_ends_before_the_next_of_its_pitch_begins() -> None:
    """At the same time the end goes first, and the overlapped end is no message."""
    schedule = Schedule()
    schedule.extend(sequence_of((60, 90, 0.0, 2.0), (60, 90, 1.0, 3.0), (62, 90, 2.0, 2.5)).notes)
    assert _drain(schedule) == [
        (0.0, "note_on", 60),
        (1.0, "note_off", 60),
        (1.0, "note_on", 60),
        (2.0, "note_on", 62),
        (2.5, "note_off", 62),
        (3.0, "note_off", 60),
    ]


def test_an_update_closes_what_it_does_not_hold_with_its_first_event() -> None:
    """A note that both hold takes its new end; one that has begun elsewhere is not struck."""
    schedule = Schedule()
    schedule.extend(sequence_of((60, 90, 0.0, 9.0), (61, 90, 0.0, 9.0)).notes)
    schedule.pop()
    schedule.pop()
    update = sequence_of((61, 90, 0.0, 0.8), (62, 90, 0.0, 1.0), (70, 55, 0.3, 0.5))
    schedule.replace(update, 0.2)
    assert _drain(schedule) == [
        (0.3, "note_off", 60),
        (0.3, "note_on", 70),
        (0.5, "note_off", 70),
        (0.8, "note_off", 61),
    ]


def test_notes_that_no_port_could_play_are_left_out() -> None:
    """Silent notes, notes without length, pitches that MIDI does not have."""
    schedule = Schedule()
    schedule.extend(sequence_of((60, 0, 0.0, 1.0), (61, 90, 1.0, 1.0), (200, 90, 0.0, 1.0)).notes)
    assert schedule.next_time() is None


def test_a_tempo_change_moves_what_is_to_come() -> None:
    """At half the tempo, what was a second ahead is two seconds ahead."""
    schedule = Schedule()
    schedule.extend(sequence_of((60, 90, 1.0, 2.0)).notes)
    schedule.pop()
    schedule.stretch(1.5, 2.0)
    assert schedule.next_time() == 2.5


def test_a_short_note_keeps_its_end_behind_its_start_when_moved_back() -> None:
    """Else the note-on would come after its note-off, and sound on."""
    schedule = Schedule()
    schedule.extend(sequence_of((60, 90, 1.0, 1.01)).notes)
    schedule.stretch(1.0, 1.5, -0.02)
    times = []
    while (time_s := schedule.next_time()) is not None:
        times.append(time_s)
        schedule.pop()
    assert len(times) == 2
    assert times[0] < times[1]
