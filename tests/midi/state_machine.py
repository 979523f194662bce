"""Random histories of players, in which a hung note is detected immediately.

Players, output and ledger are the real ones, stepped in virtual time instead of by threads.
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
from magenta_bridge.midi.output.note_ledger import STAYS_OPEN_S, NoteLedger, all_notes_off
from magenta_bridge.midi.output.note_output import NoteOutput
from magenta_bridge.noteseq import NoteSequence
from tests.midi.notes import sequence_of
from tests.midi.receiver import FragilePort, Key, PlayerCrash, Receiver
from tests.midi.virtual_clock import VirtualClock

if TYPE_CHECKING:
    from mido import Message

# Few keys, so that notes overlap.
KEYS = st.tuples(st.sampled_from([0, 9]), st.sampled_from([60, 61]))
# Two players on one channel, so that they interfere.
CHANNELS = (0, 0, 9)
PLAYERS = st.sampled_from([0, 1, 2])
PITCHES = st.sampled_from([60, 61])
LENGTHS = st.sampled_from([0.5, 0.1, 0.01])
SECONDS = st.sampled_from([0.0, 0.01, 0.05, 0.1, 0.5])
NOTES = st.lists(st.tuples(PITCHES, SECONDS, LENGTHS), max_size=2)
# These end all notes and would hide a forgotten one, so a history has only some of them.
TROUBLES = st.sampled_from(
    [frozenset(), *map(frozenset, (["port"], ["panic"], ["kill"], ["port", "panic", "kill"]))]
)
Notes = list[tuple[int, float, float]]


class CheckedPort(FragilePort):
    """Checks at each send, when the player can be killed, that active notes are in the ledger."""

    def __init__(self, receiver: Receiver, ledger: NoteLedger) -> None:
        super().__init__(receiver)
        self._ledger = ledger

    def send(self, message: Message) -> None:
        """Deliver a message, and check the ledger before and after."""
        self._check()
        super().send(message)
        self._check()

    def _check(self) -> None:
        for key in self.receiver.sounding:
            assert self._ledger.count(*key), f"{key} is active and not in the ledger"


class CheckedOutput(NoteOutput):
    """Allows note-offs without their note-ons during a panic only."""

    def panic(self) -> None:
        """Panic, and forget the receiver's strays."""
        assert isinstance(self.port, FragilePort)
        receiver = self.port.receiver
        strays = len(receiver.strays)
        try:
            super().panic()
        finally:
            del receiver.strays[strays:]


class NoHungNotes(RuleBasedStateMachine):
    """Players, their ledger, and a receiver that relies on note-offs alone.

    A panic, a kill or a port that returns ends all notes and would hide a note that a player has
    forgotten. So a history has few kinds of these or none, and ends without one: the music plays
    to its end, or the players are stopped.
    """

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.clock = VirtualClock(1000.0)
        self.receiver = Receiver(self.clock.now)
        self.ledger = NoteLedger.create(Path(self.folder.name))
        self.port = CheckedPort(self.receiver, self.ledger)
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
        """Start a note now."""
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
        """Change the tempo while notes are pending."""
        self.players[number].extend(self._music(notes))
        for player in self.players:
            player.stretch(self.clock.now(), factor, shift)

    @rule(key=KEYS)
    def press(self, key: Key) -> None:
        def send() -> None:
            if self.output.send(mido.Message("note_on", channel=key[0], note=key[1])):
                self.held[key] += 1

        self._survive(send)

    @precondition(lambda self: self.held.total())
    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(sorted(self.held)))
        self.held -= Counter([key])
        # With velocity 0, as many keyboards send it.
        off = mido.Message("note_on", channel=key[0], note=key[1], velocity=0)
        self._survive(lambda: self.output.send(off))

    @rule(seconds=SECONDS, hangs=st.sampled_from([0.0, 0.0, 0.005, 0.03, 0.2]))
    def play(self, seconds: float, hangs: float) -> None:
        """Play, possibly after a delay that makes messages late."""
        self.clock.sleep_until(self.clock.now() + hangs)
        self._survive(lambda: self._play_for(seconds))

    @precondition(lambda self: "panic" in self.troubles)
    @rule()
    def panic(self) -> None:
        for player in self.players:
            player.silence()
        self._survive(self.output.panic)
        self.held.clear()
        if not self.port.closed:
            assert not self.receiver.sounding

    @precondition(lambda self: "kill" in self.troubles)
    @rule(seconds=SECONDS, loses_last_messages=st.booleans())
    def kill(self, seconds: float, loses_last_messages: bool) -> None:
        """Kill the player; the MIDI system can lose its last note-offs."""
        self._survive(lambda: self._play_for(seconds))
        if loses_last_messages:
            self._lose_last_messages()
        self._silence_and_restart()

    @precondition(lambda self: "port" in self.troubles and not self.port.closed)
    @rule(seconds=SECONDS)
    def vanish(self, seconds: float) -> None:
        """Remove the port while the music continues."""
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
        """Play to the end; then only held keys are active."""
        self._restore_port()
        self._play_all()
        assert set(self.receiver.sounding) <= set(self.held)

    def quiet(self) -> None:
        """Stop everything; then no note is active."""
        self._restore_port()
        for key in list(self.held.elements()):
            self.output.send(mido.Message("note_off", channel=key[0], note=key[1]))
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
    def no_active_key_gets_a_note_on(self) -> None:
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
        self.output = CheckedOutput(self.port, self.ledger, self.clock.now)
        self.players = [
            MidiPlayer(self.output, NoteSequence(), None, True, channel, clock=self.clock)
            for channel in CHANNELS
        ]
        self.held.clear()
        self.receiver.ended.clear()

    def _survive(self, action: Callable[[], object]) -> None:
        """Do something; if the player crashes, do what the panic process does."""
        try:
            action()
        except PlayerCrash:
            self._silence_and_restart()

    def _lose_last_messages(self) -> None:
        now = self.clock.now()
        for key, ended in self.receiver.ended.items():
            if now - ended < STAYS_OPEN_S and not self.receiver.sounding[key]:
                self.receiver.sounding[key] = 1

    def _silence_and_restart(self) -> None:
        self.port.sends_left = None
        self.port.on_change = None  # the player is dead
        self.port.come_back()
        started = self.receiver.started
        strays = len(self.receiver.strays)
        for message in all_notes_off(self.ledger, now=self.clock.now(), all_pitches=False):
            self.receiver.receive(message)
        del self.receiver.strays[strays:]
        assert not self.receiver.sounding
        assert self.receiver.started == started
        self._start()

    def _restore_port(self) -> None:
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
        """Return when the next message is due; infinity if there is none."""
        return min(math.inf if (due := p.next_due) is None else due for p in self.players)
