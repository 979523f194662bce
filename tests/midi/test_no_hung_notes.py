"""Whatever happens to the players, no note hangs: shown on random histories in virtual time.

The players, the outlet and the ledger are the real ones, stepped by hand instead of by threads.

``MIDI_HISTORIES`` sets how many; ``make soak`` asks for ten times as many.
"""

from __future__ import annotations

import math
import os
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import mido
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from magenta_bridge.midi.clock import VirtualClock
from magenta_bridge.midi.ledger import STAYS_OPEN_S, Ledger
from magenta_bridge.midi.outlet import Outlet
from magenta_bridge.midi.player import MidiPlayer
from magenta_bridge.midi.silence import silence
from magenta_bridge.noteseq import NoteSequence
from tests.midi.notes import sequence_of
from tests.midi.receiver import FragilePort, Key, PlayerCrash, Receiver
from tests.midi.virtual_wall import VirtualWall

HISTORIES = int(os.environ.get("MIDI_HISTORIES", "1000"))

# Few keys, so that notes meet.
KEYS = st.tuples(st.sampled_from([0, 9]), st.sampled_from([60, 61]))
# Two players on one channel, so that they get in each other's way.
PLAYERS = st.sampled_from([0, 1, 2])
PITCHES = st.sampled_from([60, 61])
SECONDS = st.sampled_from([0.0, 0.01, 0.05, 0.1, 0.5])
NOTES = st.lists(st.tuples(PITCHES, SECONDS, SECONDS), min_size=1, max_size=5)
Notes = list[tuple[int, float, float]]


class WatchedOutlet(Outlet):
    """An outlet that says when it panics: only then may a note-off come without its note-on."""

    def panic(self) -> None:
        """Panics, and forgives the receiver's strays."""
        receiver = self.port.receiver if isinstance(self.port, FragilePort) else Receiver()
        strays = len(receiver.strays)
        try:
            super().panic()
        finally:
            del receiver.strays[strays:]


class NoHungNotes(RuleBasedStateMachine):
    """A player, its ledger, and a receiver that trusts nothing but note-offs."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.clock = VirtualClock(1000.0)
        self.wall = VirtualWall(self.clock)
        self.receiver = Receiver(self.clock.now)
        self.port = FragilePort(self.receiver)
        self.ledger = Ledger.create(Path(self.folder.name))
        self.held: Counter[Key] = Counter()
        self._start()

    def _start(self) -> None:
        self.outlet = WatchedOutlet(self.port, self.ledger, self.clock)
        self.players = [
            MidiPlayer(self.outlet, NoteSequence(), None, True, channel, wall=self.wall)
            for channel in (0, 0, 9)
        ]
        self.held.clear()
        self.receiver.ended.clear()

    def _survive(self, action: Callable[[], object]) -> None:
        """Does something; when the player crashes in it, the silencer does its work."""
        try:
            action()
        except PlayerCrash:
            self._silence_and_restart()

    def _silence_and_restart(self) -> None:
        self.port.sends_left = None
        self.port.on_change = None  # the dead player hears of nothing
        self.port.come_back()
        begun = self.receiver.begun
        strays = len(self.receiver.strays)
        for message in silence(self.ledger, now=self.clock.now(), all_pitches=False):
            self.receiver.receive(message)
        del self.receiver.strays[strays:]
        assert not self.receiver.sounding
        assert self.receiver.begun == begun
        self._start()

    def _music(self, notes: Notes) -> NoteSequence:
        now = self.clock.now()
        return sequence_of(*((p, 90, now + after, now + after + s) for p, after, s in notes))

    def _play_for(self, seconds: float) -> None:
        end = self.clock.now() + seconds
        while (next_due := min(map(_due, self.players))) <= end:
            self.clock.sleep_until(next_due)
            for player in self.players:
                player.step()
        self.clock.sleep_until(end)

    @rule(notes=NOTES, number=PLAYERS)
    def extend(self, notes: Notes, number: int) -> None:
        self.players[number].extend(self._music(notes))

    @rule(notes=NOTES, number=PLAYERS, ago=st.sampled_from([-0.05, 0.0, 0.05, 0.5]))
    def update(self, notes: Notes, number: int, ago: float) -> None:
        self.players[number].update_sequence(self._music(notes), self.clock.now() - ago)

    @rule(number=PLAYERS)
    def stop(self, number: int) -> None:
        self.players[number].silence()

    @rule(factor=st.sampled_from([0.25, 0.9, 1.0, 1.5, 4.0]), shift=st.sampled_from([-0.02, 0.0]))
    def tempo(self, factor: float, shift: float) -> None:
        for player in self.players:
            player.stretch(self.clock.now(), factor, shift)

    @rule()
    def panic(self) -> None:
        for player in self.players:
            player.silence()
        self._survive(self.outlet.panic)
        self.held.clear()
        if not self.port.closed:
            assert not self.receiver.sounding

    @rule(key=KEYS)
    def press(self, key: Key) -> None:
        def send() -> None:
            if self.outlet.send(mido.Message("note_on", channel=key[0], note=key[1])):
                self.held[key] += 1

        self._survive(send)

    @precondition(lambda self: self.held.total())
    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(sorted(self.held)))
        self.held -= Counter([key])
        # With velocity 0, as many keyboards do.
        off = mido.Message("note_on", channel=key[0], note=key[1], velocity=0)
        self._survive(lambda: self.outlet.send(off))

    @rule(seconds=SECONDS)
    def play(self, seconds: float) -> None:
        self._survive(lambda: self._play_for(seconds))

    @rule(seconds=st.sampled_from([0.005, 0.03, 0.2]))
    def hang(self, seconds: float) -> None:
        """The machine does something else for a while; what is due then is late."""
        self.clock.sleep_until(self.clock.now() + seconds)

    @rule()
    def vanish(self) -> None:
        self.port.vanish()

    @rule()
    def come_back(self) -> None:
        self._survive(self.port.come_back)

    @rule(sends=st.integers(0, 6), delivers=st.booleans())
    def crash_soon(self, sends: int, delivers: bool) -> None:
        self.port.sends_left = sends
        self.port.crash_delivers = delivers

    @rule()
    def kill(self) -> None:
        self._silence_and_restart()

    @rule()
    def kill_and_lose_the_last_words(self) -> None:
        """The MIDI system loses the note-offs of the player's last moments."""
        lost_since = self.clock.now() - STAYS_OPEN_S
        for key, ended in self.receiver.ended.items():
            if ended > lost_since and not self.receiver.sounding[key]:
                self.receiver.sounding[key] = 1
        self._silence_and_restart()

    @rule()
    def quiet(self) -> None:
        """Everything ends by itself, and then nothing sounds."""
        self.port.sends_left = None
        if self.port.closed:
            # Only then: a port that comes back makes silence by itself.
            self.port.come_back()
        for key in list(self.held.elements()):
            self.outlet.send(mido.Message("note_off", channel=key[0], note=key[1]))
        self.held.clear()
        for player in self.players:
            player.silence()
        self._play_for(0.0)
        assert not self.receiver.sounding
        assert not self.ledger.sounding()

    @invariant()
    def every_note_off_has_its_note_on(self) -> None:
        assert self.receiver.strays == []

    @invariant()
    def no_key_is_struck_while_it_sounds(self) -> None:
        assert self.receiver.doubled == []

    @invariant()
    def what_sounds_is_in_the_ledger(self) -> None:
        assert set(self.receiver.sounding) <= set(self.ledger.open_notes(self.clock.now()))

    def teardown(self) -> None:
        self.quiet()
        self.ledger.close()
        self.folder.cleanup()


def _due(player: MidiPlayer) -> float:
    """Returns when a player's next message is due; infinity for none."""
    due = player.next_due
    return math.inf if due is None else due


TestNoHungNotes = pytest.mark.timeout(3600)(NoHungNotes.TestCase)
TestNoHungNotes.settings = settings(max_examples=HISTORIES, stateful_step_count=20, deadline=None)
