"""Whatever happens to a player, no note hangs: shown on random histories in virtual time.

``MIDI_HISTORIES`` sets how many; ``make soak`` asks for ten times as many.
"""

from __future__ import annotations

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
from magenta_bridge.midi.scheduler import Scheduler
from magenta_bridge.midi.silence import silence
from tests.midi.receiver import FragilePort, Key, PlayerCrash, Receiver

HISTORIES = int(os.environ.get("MIDI_HISTORIES", "1000"))

# Few keys, so that notes meet.
KEYS = st.tuples(st.sampled_from([0, 9]), st.sampled_from([60, 61]))
TAGS = st.sampled_from(["call", "response"])
SECONDS = st.sampled_from([0.0, 0.01, 0.05, 0.1, 0.5])
NOTES = st.lists(st.tuples(KEYS, SECONDS, SECONDS), min_size=1, max_size=5)


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
        self.receiver = Receiver(self.clock.now)
        self.port = FragilePort(self.receiver)
        self.ledger = Ledger.create(Path(self.folder.name))
        self.held: Counter[Key] = Counter()
        self._start()

    def _start(self) -> None:
        self.outlet = WatchedOutlet(self.port, self.ledger, self.clock)
        self.player = Scheduler(self.outlet, self.clock)
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

    def _load(self, notes: list[tuple[Key, float, float]], tag: str) -> None:
        for (channel, pitch), after, length in notes:
            start = self.clock.now() + after
            on = mido.Message("note_on", channel=channel, note=pitch, velocity=90)
            off = mido.Message("note_off", channel=channel, note=pitch)
            self.player.at(start, on, tag)
            self.player.at(start + length, off, tag)

    def _play_for(self, seconds: float) -> None:
        end = self.clock.now() + seconds
        while (due := self.player.step()) is not None and due <= end:
            self.clock.sleep_until(due)
        self.clock.sleep_until(end)

    @rule(notes=NOTES, tag=TAGS)
    def load(self, notes: list[tuple[Key, float, float]], tag: str) -> None:
        self._load(notes, tag)

    @rule(notes=NOTES, tag=TAGS)
    def update(self, notes: list[tuple[Key, float, float]], tag: str) -> None:
        def replace() -> None:
            self.player.cancel(tag)
            self._load(notes, tag)

        self._survive(replace)

    @rule(notes=NOTES, tag=TAGS, length=st.sampled_from([0.05, 0.3]))
    def loop(self, notes: list[tuple[Key, float, float]], tag: str, length: float) -> None:
        def again(due: float) -> None:
            self._load(notes, tag)
            self.player.at(due + length, again, tag)

        self.player.at(self.clock.now(), again, tag)

    @rule(tag=TAGS)
    def stop(self, tag: str) -> None:
        self._survive(lambda: self.player.cancel(tag))

    @rule(factor=st.sampled_from([0.25, 0.9, 1.5, 4.0]))
    def tempo(self, factor: float) -> None:
        self.player.stretch(factor)

    @rule()
    def panic(self) -> None:
        self._survive(self.player.panic)
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
        self.port.come_back()
        for key in list(self.held.elements()):
            self.outlet.send(mido.Message("note_off", channel=key[0], note=key[1]))
        self.held.clear()
        for tag in ("call", "response"):
            self.player.cancel(tag)
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


TestNoHungNotes = pytest.mark.timeout(3600)(NoHungNotes.TestCase)
TestNoHungNotes.settings = settings(max_examples=HISTORIES, stateful_step_count=20, deadline=None)
