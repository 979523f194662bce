"""Random histories of players, in which a note that hangs is seen at once.

The players, the outlet and the ledger are the real ones, stepped by hand instead of by threads.
"""

from __future__ import annotations

import math
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import mido
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from magenta_bridge.midi.engine.player import MidiPlayer
from magenta_bridge.midi.output.all_notes_off import silence
from magenta_bridge.midi.output.note_ledger import STAYS_OPEN_S, Ledger
from magenta_bridge.midi.output.note_output import NoteOutput
from magenta_bridge.midi.timing.clock import VirtualClock
from magenta_bridge.noteseq import NoteSequence
from tests.midi.notes import sequence_of
from tests.midi.receiver import FragilePort, Key, PlayerCrash, Receiver
from tests.midi.virtual_clock import VirtualWall

if TYPE_CHECKING:
    from mido import Message

# Few keys, so that notes meet.
KEYS = st.tuples(st.sampled_from([0, 9]), st.sampled_from([60, 61]))
# Two players on one channel, so that they get in each other's way.
CHANNELS = (0, 0, 9)
PLAYERS = st.sampled_from([0, 1, 2])
PITCHES = st.sampled_from([60, 61])
LENGTHS = st.sampled_from([0.5, 0.1, 0.01])
SECONDS = st.sampled_from([0.0, 0.01, 0.05, 0.1, 0.5])
NOTES = st.lists(st.tuples(PITCHES, SECONDS, LENGTHS), max_size=2)
# What silences everything, and would hide that a note was forgotten: a history has some of it.
TROUBLES = st.sampled_from(
    [frozenset(), *map(frozenset, (["port"], ["panic"], ["kill"], ["port", "panic", "kill"]))]
)
Notes = list[tuple[int, float, float]]


class WatchedPort(FragilePort):
    """A port whose player may be killed at any send: what sounds must be in the ledger by then."""

    def __init__(self, receiver: Receiver, ledger: Ledger) -> None:
        super().__init__(receiver)
        self._ledger = ledger

    def send(self, message: Message) -> None:
        """Delivers a message, and looks into the ledger before and after."""
        self._look()
        super().send(message)
        self._look()

    def _look(self) -> None:
        for key in self.receiver.sounding:
            assert self._ledger.count(*key), f"{key} sounds and is not in the ledger"


class WatchedOutlet(NoteOutput):
    """An outlet that says when it panics: only then may a note-off come without its note-on."""

    def panic(self) -> None:
        """Panics, and forgives the receiver's strays."""
        assert isinstance(self.port, FragilePort)
        receiver = self.port.receiver
        strays = len(receiver.strays)
        try:
            super().panic()
        finally:
            del receiver.strays[strays:]


class NoHungNotes(RuleBasedStateMachine):
    """Players, their ledger, and a receiver that trusts nothing but note-offs.

    What silences everything - a panic, a kill, a port that returns - would hide a note that a
    player has forgotten. So a history has few kinds of these or none, and ends without one: the
    music plays to its end, or the players are stopped.
    """

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.clock = VirtualClock(1000.0)
        self.wall = VirtualWall(self.clock)
        self.receiver = Receiver(self.clock.now)
        self.ledger = Ledger.create(Path(self.folder.name))
        self.port = WatchedPort(self.receiver, self.ledger)
        self.held: Counter[Key] = Counter()
        self.troubles: frozenset[str] = frozenset()
        self.plays_out = False
        self._start()

    @initialize(troubles=TROUBLES, plays_out=st.sampled_from([True, True, False]))
    def choose(self, troubles: frozenset[str], plays_out: bool) -> None:
        self.troubles = troubles
        self.plays_out = plays_out

    @rule(number=PLAYERS, pitch=PITCHES, seconds=LENGTHS)
    def strike(self, number: int, pitch: int, seconds: float) -> None:
        """A note begins now, whatever sounds."""
        self.players[number].extend(self._music([(pitch, 0.0, seconds)]))
        self._survive(lambda: self._play_for(0.0))

    @rule(notes=NOTES, number=PLAYERS)
    def extend(self, notes: Notes, number: int) -> None:
        self.players[number].extend(self._music(notes))

    @rule(notes=NOTES, number=PLAYERS, ago=st.sampled_from([-0.05, 0.0, 0.05, 0.5]))
    def update(self, notes: Notes, number: int, ago: float) -> None:
        self.players[number].update_sequence(self._music(notes), self.clock.now() - ago)

    @rule(number=PLAYERS)
    def stop(self, number: int) -> None:
        self.players[number].silence()

    @rule(
        notes=NOTES,
        number=PLAYERS,
        factor=st.sampled_from([4.0, 1.5, 0.9, 0.25]),
        shift=st.sampled_from([-0.02, 0.0]),
    )
    def tempo(self, notes: Notes, number: int, factor: float, shift: float) -> None:
        """The tempo changes while there is music to come."""
        self.players[number].extend(self._music(notes))
        for player in self.players:
            player.stretch(self.clock.now(), factor, shift)

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

    @rule(seconds=SECONDS, hangs=st.sampled_from([0.0, 0.0, 0.005, 0.03, 0.2]))
    def play(self, seconds: float, hangs: float) -> None:
        """The machine may do something else for a while first; what is due then is late."""
        self.clock.sleep_until(self.clock.now() + hangs)
        self._survive(lambda: self._play_for(seconds))

    @precondition(lambda self: "panic" in self.troubles)
    @rule()
    def panic(self) -> None:
        for player in self.players:
            player.silence()
        self._survive(self.outlet.panic)
        self.held.clear()
        if not self.port.closed:
            assert not self.receiver.sounding

    @precondition(lambda self: "kill" in self.troubles)
    @rule(seconds=SECONDS, loses_the_last_words=st.booleans())
    def kill(self, seconds: float, loses_the_last_words: bool) -> None:
        """The MIDI system may lose the note-offs of the player's last moments."""
        self._survive(lambda: self._play_for(seconds))
        if loses_the_last_words:
            self._lose_the_last_words()
        self._silence_and_restart()

    @precondition(lambda self: "port" in self.troubles and not self.port.closed)
    @rule(seconds=SECONDS)
    def vanish(self, seconds: float) -> None:
        """Music goes on without a port; notes end meanwhile."""
        self.port.vanish()
        self._play_for(seconds)

    @precondition(lambda self: self.port.closed)
    @rule()
    def come_back(self) -> None:
        self._survive(self.port.come_back)
        assert not self.receiver.sounding

    @precondition(lambda self: "kill" in self.troubles and self.port.sends_left is None)
    @rule(sends=st.integers(0, 6), delivers=st.booleans())
    def crash_soon(self, sends: int, delivers: bool) -> None:
        self.port.sends_left = sends
        self.port.crash_delivers = delivers

    @rule()
    def play_out(self) -> None:
        """The music ends by itself, and then only keys that are held sound."""
        self._hold_on_to_the_port()
        self._play_all()
        assert set(self.receiver.sounding) <= set(self.held)

    def quiet(self) -> None:
        """Everything is stopped, and then nothing sounds."""
        self._hold_on_to_the_port()
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

    def teardown(self) -> None:
        try:
            if self.plays_out:
                self.play_out()
            self.quiet()
        finally:
            self.ledger.close()
            self.folder.cleanup()

    def _start(self) -> None:
        self.outlet = WatchedOutlet(self.port, self.ledger, self.clock)
        self.players = [
            MidiPlayer(self.outlet, NoteSequence(), None, True, channel, wall=self.wall)
            for channel in CHANNELS
        ]
        self.held.clear()
        self.receiver.ended.clear()

    def _survive(self, action: Callable[[], object]) -> None:
        """Does something; when the player crashes in it, the silencer does its work."""
        try:
            action()
        except PlayerCrash:
            self._silence_and_restart()

    def _lose_the_last_words(self) -> None:
        now = self.clock.now()
        for key, ended in self.receiver.ended.items():
            if now - ended < STAYS_OPEN_S and not self.receiver.sounding[key]:
                self.receiver.sounding[key] = 1

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

    def _hold_on_to_the_port(self) -> None:
        """From here on it is there; that it makes silence is asked for only where it was gone."""
        self.port.sends_left = None
        if self.port.closed:
            self.port.come_back()

    def _music(self, notes: Notes) -> NoteSequence:
        now = self.clock.now()
        return sequence_of(*((p, 90, now + after, now + after + s) for p, after, s in notes))

    def _play_for(self, seconds: float) -> None:
        end = self.clock.now() + seconds
        while self._next_due() <= end:
            self._step()
        self.clock.sleep_until(end)

    def _play_all(self) -> None:
        while self._next_due() < math.inf:
            self._step()

    def _step(self) -> None:
        self.clock.sleep_until(self._next_due())
        for player in self.players:
            player.step()

    def _next_due(self) -> float:
        """Returns when the next message is due; infinity for none."""
        return min(math.inf if (due := p.next_due) is None else due for p in self.players)
