"""Plays messages when they are due."""

from __future__ import annotations

import heapq
import itertools
import threading
from collections import Counter
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from magenta_bridge.midi.clock import SPIN_S, Clock
from magenta_bridge.midi.messages import ends_note, note_off, starts_note
from magenta_bridge.midi.outlet import Outlet
from magenta_bridge.midi.priority import Priority, raise_priority

if TYPE_CHECKING:
    from mido import Message

# A function hears when it was due, in seconds of the clock.
Action = Callable[[float], None]


@dataclass(order=True)
class _Event:
    due: float
    # Of what is due at the same time, notes end before others begin.
    rank: int
    order: int
    what: Any = field(compare=False)  # a message or an action
    tag: Hashable = field(compare=False)
    outlet: Outlet = field(compare=False)


class Scheduler:
    """Holds messages until they are due, then sends them through an outlet.

    A tag names what belongs together, such as one response: cancelling it takes back what is
    not yet played and ends what sounds of it.

    Threading: any thread. Either ``start`` runs a thread that plays, or the owner calls
    ``step``, as tests do with a virtual clock. Actions run on the thread that plays, and may
    call everything here but ``stop``.

    Args:
        outlet: Where messages go.
        clock: Tells when they are due.
    """

    def __init__(self, outlet: Outlet, clock: Clock) -> None:
        self._outlet = outlet
        self._clock = clock
        self._changed = threading.Condition()
        self._events: list[_Event] = []
        self._order = itertools.count()
        self._sounding: Counter[tuple[Hashable, int, int, int, int]] = Counter()
        self._outlets: dict[int, Outlet] = {}
        self._thread: threading.Thread | None = None
        self._stopping = False
        self._priority: Priority | None = None

    @property
    def priority(self) -> Priority | None:
        """How the thread that plays is scheduled; None before ``start``."""
        return self._priority

    @property
    def next_due(self) -> float | None:
        """When the next message is due, in seconds of the clock; None when none waits."""
        with self._changed:
            return self._events[0].due if self._events else None

    def at(
        self,
        due: float,
        what: Message | Action,
        tag: Hashable = None,
        *,
        outlet: Outlet | None = None,
    ) -> None:
        """Plays a message, or calls a function, when it is due.

        Args:
            due: When, in seconds of the clock; what is due already is played at once, except
                note-ons that are more than 20 ms late.
            what: A message, or a function that is given ``due``.
            tag: What it belongs to.
            outlet: Where to, if not the scheduler's own.
        """
        rank = 1 if not callable(what) and starts_note(what) else 0
        event = _Event(due, rank, next(self._order), what, tag, outlet or self._outlet)
        with self._changed:
            heapq.heappush(self._events, event)
            if self._events[0] is event:
                self._changed.notify_all()

    def cancel(self, tag: Hashable) -> None:
        """Takes back what waits under a tag, and ends its notes that sound."""
        with self._changed:
            self._events = [event for event in self._events if event.tag != tag]
            heapq.heapify(self._events)
            for key in [key for key in self._sounding if key[0] == tag]:
                self._end_notes(key)
            self._changed.notify_all()

    def stretch(self, factor: float, *, around: float | None = None, tag: Hashable = None) -> None:
        """Moves what waits as a change of tempo does.

        Args:
            factor: Seconds after the change for each second before: the old tempo divided by
                the new. Above 0.
            around: The moment that stays, in seconds of the clock; None for now.
            tag: What to move; None for everything.
        """
        with self._changed:
            fixed = self._clock.now() if around is None else around
            for event in self._events:
                if event.due > fixed and tag in (None, event.tag):
                    event.due = fixed + (event.due - fixed) * factor
            heapq.heapify(self._events)
            self._changed.notify_all()

    def panic(self) -> None:
        """Takes everything back and makes every outlet in use silent."""
        with self._changed:
            outlets = {id(event.outlet): event.outlet for event in self._events}
            outlets |= self._outlets | {id(self._outlet): self._outlet}
            self._events.clear()
            self._sounding.clear()
            self._outlets.clear()
            for outlet in outlets.values():
                outlet.panic()

    def step(self) -> float | None:
        """Plays what is due by now.

        Returns:
            When the next is due, in seconds of the clock; None when none waits.
        """
        # Under the lock: what was cancelled must not be played a moment later.
        with self._changed:
            while self._events and self._events[0].due <= self._clock.now():
                self._play(heapq.heappop(self._events))
            return self._events[0].due if self._events else None

    def start(self) -> None:
        """Starts the thread that plays, with real-time priority where that is permitted."""
        with self._changed:
            if self._thread is not None:
                return
            self._stopping = False
            self._thread = threading.Thread(target=self._run, name="midi-player", daemon=True)
            self._thread.start()
            self._changed.wait_for(lambda: self._priority is not None)

    def stop(self) -> None:
        """Ends the thread; what waits stays."""
        with self._changed:
            thread, self._thread = self._thread, None
            self._stopping = True
            self._changed.notify_all()
        if thread is not None:
            thread.join()

    def _play(self, event: _Event) -> None:
        if callable(event.what):
            event.what(event.due)
        elif starts_note(event.what):
            if event.outlet.send(event.what, event.due):
                self._sounding[_key(event)] += 1
                self._outlets[id(event.outlet)] = event.outlet
        elif ends_note(event.what):
            self._end(event)
        else:
            event.outlet.send(event.what, event.due)

    def _end(self, event: _Event) -> None:
        """Sends a note-off whose note-on went out; others end notes that are not theirs."""
        key = _key(event)
        if not self._sounding[key]:
            del self._sounding[key]
            return
        event.outlet.send(event.what, event.due)
        self._forget(key)

    def _end_notes(self, key: tuple[Hashable, int, int, int, int]) -> None:
        _, number, epoch, channel, pitch = key
        outlet = self._outlets[number]
        while self._sounding[key]:
            if outlet.epoch == epoch:
                outlet.send(note_off(channel, pitch))
            self._forget(key)
        del self._sounding[key]

    def _forget(self, key: tuple[Hashable, int, int, int, int]) -> None:
        self._sounding[key] -= 1
        if self._sounding[key] <= 0:
            del self._sounding[key]

    def _run(self) -> None:
        priority = raise_priority()
        with self._changed:
            self._priority = priority
            self._changed.notify_all()
        while True:
            due = self._await_event()
            if due is None:
                return
            self._clock.sleep_until(due)
            self.step()

    def _await_event(self) -> float | None:
        """Waits until shortly before the next event; None when the thread should end."""
        with self._changed:
            while not self._stopping:
                if not self._events:
                    self._changed.wait()
                    continue
                due = self._events[0].due
                asleep_s = due - self._clock.now() - SPIN_S
                if asleep_s <= 0:
                    return due
                self._changed.wait(asleep_s)
            return None


def _key(event: _Event) -> tuple[Hashable, int, int, int, int]:
    outlet = event.outlet
    return event.tag, id(outlet), outlet.epoch, event.what.channel, event.what.note
