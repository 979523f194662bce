"""Has responses written, and sees to it that they are played when they are due."""

from __future__ import annotations

import logging
import threading
from typing import Final, Protocol

from magenta_bridge.errors import MagentaBridgeError
from magenta_bridge.midi.interactions.prefetcher import Prefetcher
from magenta_bridge.midi.interactions.response_player import Answer
from magenta_bridge.midi.interactions.streamed_response import Response, StreamingGenerator, Task
from magenta_bridge.midi.interactions.velocity_matching import match_velocities
from magenta_bridge.midi.timing.steady_clock import STEADY_CLOCK
from magenta_bridge.noteseq import NoteSequence
from magenta_bridge.sequences.edit import adjust_sequence_times, notes_between

_LOG = logging.getLogger(__name__)
_LOOK_SECONDS: Final = 0.01


class Tell(Protocol):
    """Is told what happens."""

    def __call__(self, what: str, **details: object) -> None:
        """Takes the name of what happened, and details."""


class Writer:
    """Between the generators and the answer that is played.

    Threading: one thread, beside those that the responses come in by.

    Args:
        answer: Plays what is written.
        stopped: Set when nobody wants to hear any more.
        tell: Told of what was ready, late or failed.
        humanize: Whether responses take the loudness of their calls.
    """

    def __init__(
        self, answer: Answer, stopped: threading.Event, tell: Tell, *, humanize: bool
    ) -> None:
        self._answer = answer
        self._stopped = stopped
        self._tell = tell
        self._humanize = humanize
        self._foresight = Prefetcher(self._on_failure)

    def prepare(self, task: Task) -> None:
        """Has a task written ahead, if its generator streams."""
        if isinstance(task.generator, StreamingGenerator):
            self._foresight.prepare(task)

    def forget(self) -> None:
        """Drops what was written ahead."""
        self._foresight.forget()

    def write(self, task: Task, tick: float, length: float) -> None:
        """Has a task written and plays it from a tick on, or from a later one when it is late.

        Args:
            task: What to write.
            tick: When the response is due, in seconds of the wall clock.
            length: Seconds from tick to tick.
        """
        _LOG.info("%s writes the response.", task.generator.details.id)
        loudness = task.call if self._wants_dynamics(task) else None
        if isinstance(task.generator, StreamingGenerator):
            response = self._foresight.take(task)
            self._tell("prepared", ahead=response.ready_for())
            self._wait_for(response)
            self._answer.follow(response, self._start(tick, length), loudness, length)
            return
        notes = self._generate(task)
        if loudness is not None:
            match_velocities(notes, loudness, length)
        self._answer.play(notes, self._start(tick, length), task.end - task.start)

    def _wait_for(self, response: Response) -> None:
        while not (response.wait_until_ready(_LOOK_SECONDS) or self._stopped.is_set()):
            pass

    def _wants_dynamics(self, task: Task) -> bool:
        return self._humanize and not getattr(task.generator, "is_expressive", False)

    def _generate(self, task: Task) -> NoteSequence:
        """Returns the response, in seconds from its beginning; an empty one when it failed."""
        try:
            written = task.generator.generate(task.call, task.options)
        except MagentaBridgeError as error:
            self._complain(error)
            return NoteSequence()
        return adjust_sequence_times(notes_between(written, task.start, task.end), -task.start)

    def _start(self, tick: float, length: float) -> float:
        """Returns when a response that is at hand now begins: at the tick, or at a later one."""
        late = STEADY_CLOCK.now() - tick
        if late < length / 4:
            return tick
        ticks = late // length + 1
        _LOG.warning("The response comes too late; it begins %d ticks later.", ticks)
        self._tell("late", ticks=int(ticks))
        return tick + ticks * length

    def _on_failure(self, response: Response) -> None:
        if response.error is not None:
            self._complain(response.error)
        if self._answer.plays(response):
            self._answer.silence()

    def _complain(self, error: MagentaBridgeError) -> None:
        _LOG.warning("No response: %s", error.message)
        self._tell("failure", message=error.message)
