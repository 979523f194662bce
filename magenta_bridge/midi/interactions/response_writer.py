"""Generates responses ahead of time and starts them on a tick."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Final

from magenta_bridge.errors import MagentaBridgeError
from magenta_bridge.midi.interactions.response_player import ResponsePlayer, match_velocities
from magenta_bridge.midi.interactions.streamed_response import (
    GenerationTask,
    StreamedResponse,
    StreamingGenerator,
)
from magenta_bridge.midi.timing.steady_clock import SteadyClock
from magenta_bridge.noteseq import NoteSequence
from magenta_bridge.sequences.edit import adjust_sequence_times, notes_between

_LOG = logging.getLogger(__name__)
_POLL_SECONDS: Final = 0.01


class Prefetcher:
    """Generates a response before it is due.

    During the last tick of a call, the task is known unless the musician keeps playing. So the
    response is generated ahead, and again after each further note. The latest response and the
    latest one that has started to arrive are kept. ``on_failure`` is called when a generator fails.

    Threading: one thread.
    """

    def __init__(self, on_failure: Callable[[StreamedResponse], None]) -> None:
        self._on_failure = on_failure
        self._latest: StreamedResponse | None = None
        self._ready: StreamedResponse | None = None

    def prepare(self, task: GenerationTask) -> None:
        """Start to generate a response unless the latest one is to the same task."""
        latest = self._latest
        if latest is not None and latest.is_ready:
            if self._ready is not None and self._ready is not latest:
                self._ready.cancel()
            self._ready = latest
        if latest is not None:
            if task.same_as(latest.task):
                return
            if latest is not self._ready:
                latest.cancel()
        self._latest = self._begin(task)

    def take(self, task: GenerationTask) -> StreamedResponse:
        """Return the response to a task that is due.

        In order of preference: the response to this task if it has started to arrive, one that was
        generated before the musician's last notes, one that starts now.
        """
        latest, ready = self._latest, self._ready
        self._latest = self._ready = None
        exact = latest if latest is not None and task.same_as(latest.task) else None
        if exact is not None and exact.is_ready:
            chosen = exact
        elif ready is not None and ready.error is None and task.fits(ready.task):
            _LOG.debug("Using the response to the notes shortly before the tick.")
            chosen = ready
        elif exact is not None and exact.error is None:
            chosen = exact
        else:
            chosen = self._begin(task)
        for response in (latest, ready):
            if response is not chosen and response is not None:
                response.cancel()
        return chosen

    def clear(self) -> None:
        """Drop the prepared responses."""
        for response in (self._latest, self._ready):
            if response is not None:
                response.cancel()
        self._latest = self._ready = None

    def _begin(self, task: GenerationTask) -> StreamedResponse:
        if not isinstance(task.generator, StreamingGenerator):
            raise TypeError("Only a streaming generator can generate ahead.")
        response = StreamedResponse(task, task.generator, self._on_failure)
        response.start()
        return response


class ResponseWriter:
    """Connects the generators to the response player.

    ``notify`` is called with the name of an event (``prepared``, ``late``, ``failure``) and
    details, ``mark_alive`` repeatedly while the writer waits. ``humanize`` makes responses adopt
    the velocities of their calls.

    Threading: one thread, in addition to those of the responses.
    """

    def __init__(
        self,
        player: ResponsePlayer,
        stopped: threading.Event,
        notify: Callable[..., None],
        clock: SteadyClock,
        mark_alive: Callable[[], None],
        *,
        humanize: bool,
    ) -> None:
        self._player = player
        self._stopped = stopped
        self._notify = notify
        self._humanize = humanize
        self._clock = clock
        self._mark_alive = mark_alive
        self._prefetcher = Prefetcher(self._on_failure)

    def prepare(self, task: GenerationTask) -> None:
        """Generate a response ahead if the generator streams."""
        if isinstance(task.generator, StreamingGenerator):
            self._prefetcher.prepare(task)

    def clear(self) -> None:
        """Drop the prepared responses."""
        self._prefetcher.clear()

    def write(self, task: GenerationTask, tick: float, length: float) -> None:
        """Generate a response and play it from a tick on, or from a later tick if it is late.

        ``tick`` is in seconds of the wall clock, ``length`` the seconds from tick to tick.
        """
        _LOG.info("%s generates the response.", task.generator.details.id)
        expressive = getattr(task.generator, "is_expressive", False)
        call = task.call if self._humanize and not expressive else None
        if isinstance(task.generator, StreamingGenerator):
            response = self._prefetcher.take(task)
            self._notify("prepared", ahead=response.ready_for())
            while not (response.wait_until_ready(_POLL_SECONDS) or self._stopped.is_set()):
                self._mark_alive()
            self._player.follow(response, self._start(tick, length), call, length)
            return
        notes = self._generate(task)
        if call is not None:
            match_velocities(notes, call, length)
        self._player.play(notes, self._start(tick, length), task.end - task.start)

    def _generate(self, task: GenerationTask) -> NoteSequence:
        """Return the response, in seconds from its start; an empty one if it failed."""
        try:
            generated = task.generator.generate(task.call, task.options)
        except MagentaBridgeError as error:
            self._report(error)
            return NoteSequence()
        return adjust_sequence_times(notes_between(generated, task.start, task.end), -task.start)

    def _start(self, tick: float, length: float) -> float:
        """Return when a response that is ready now starts: at the tick or at a later one."""
        late = self._clock.now() - tick
        if late < length / 4:
            return tick
        ticks = late // length + 1
        _LOG.warning("The response is late; it starts %d ticks later.", ticks)
        self._notify("late", ticks=int(ticks))
        return tick + ticks * length

    def _on_failure(self, response: StreamedResponse) -> None:
        if response.error is not None:
            self._report(response.error)
        if self._player.plays(response):
            self._player.silence()

    def _report(self, error: MagentaBridgeError) -> None:
        _LOG.warning("No response: %s", error.message)
        self._notify("failure", message=error.message)
