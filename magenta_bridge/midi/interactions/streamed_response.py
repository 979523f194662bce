"""A response while it is being written."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, Protocol, runtime_checkable

from magenta_bridge.errors import InternalError, MagentaBridgeError
from magenta_bridge.noteseq import GeneratorDetails, GeneratorOptions, NoteSequence
from magenta_bridge.sequences.edit import notes_between

_LOG = logging.getLogger(__name__)
# External ticks come a little early or late; music that differs by less is the same.
_SAME_SECONDS: Final = 0.02


class SequenceGenerator(Protocol):
    """What Magenta calls a SequenceGenerator."""

    @property
    def details(self) -> GeneratorDetails:
        """Id and description."""

    def generate(
        self, input_sequence: NoteSequence, generator_options: GeneratorOptions
    ) -> NoteSequence:
        """Returns the music of the section that the options ask for."""


@runtime_checkable
class StreamingGenerator(Protocol):
    """A generator whose first notes can be played while it writes the rest."""

    def stream(
        self, input_sequence: NoteSequence, generator_options: GeneratorOptions
    ) -> Iterator[NoteSequence]:
        """Yields the music piece by piece, none of it twice."""


@dataclass(frozen=True, eq=False)
class Task:
    """What shall be written. Times are seconds from the beginning of the call.

    Attributes:
        generator: Who writes.
        call: What came before.
        start: Where the response begins.
        end: Where it ends.
        temperature: How daring it is.
    """

    generator: SequenceGenerator
    call: NoteSequence
    start: float
    end: float
    temperature: float

    @property
    def options(self) -> GeneratorOptions:
        """The task in the generator's terms."""
        options = GeneratorOptions()
        options.input_sections.add(start_time=0, end_time=self.start)
        options.generate_sections.add(start_time=self.start, end_time=self.end)
        options.args["temperature"].float_value = self.temperature
        return options

    def fits(self, other: Task) -> bool:
        """Says whether the other one could stand in: same writer, same length, same tempo."""
        return (
            self.generator is other.generator
            and abs(self.temperature - other.temperature) < 1e-6
            and abs(self.start - other.start) < _SAME_SECONDS
            and abs(self.end - other.end) < _SAME_SECONDS
            and [tempo.qpm for tempo in self.call.tempos]
            == [tempo.qpm for tempo in other.call.tempos]
        )

    def same_as(self, other: Task) -> bool:
        """Says whether both are the same music to the ear."""
        mine, theirs = self.call.notes, other.call.notes
        return (
            self.fits(other)
            and len(mine) == len(theirs)
            and all(
                a.pitch == b.pitch
                and abs(a.start_time - b.start_time) < _SAME_SECONDS
                and abs(a.end_time - b.end_time) < _SAME_SECONDS
                for a, b in zip(mine, theirs, strict=True)
            )
        )


OnPiece = Callable[[NoteSequence], None]


class Response(threading.Thread):
    """Reads a response off a generator that streams, whether or not anybody will play it.

    Threading: safe from any number of threads.

    Args:
        task: What is written.
        generator: Who streams it.
        on_failure: Told of the error, in the thread, when the generator fails meanwhile.
    """

    def __init__(
        self,
        task: Task,
        generator: StreamingGenerator,
        on_failure: Callable[[Response], None],
    ) -> None:
        super().__init__(daemon=True)
        self.task = task
        self.error: MagentaBridgeError | None = None
        self._generator = generator
        self._on_failure = on_failure
        self._lock = threading.RLock()
        self._pieces: list[NoteSequence] = []
        self._follower: OnPiece | None = None
        self._cancelled = False
        self._ready = threading.Event()
        self._ready_at: float | None = None

    @property
    def is_ready(self) -> bool:
        """Whether its beginning is known: music has come, or the end."""
        return self._ready.is_set() and self.error is None

    def ready_for(self) -> float | None:
        """Returns for how many seconds its beginning has been known; None when it is not."""
        return None if self._ready_at is None else time.monotonic() - self._ready_at

    def wait_until_ready(self, timeout: float) -> bool:
        """Waits for the beginning at most ``timeout`` seconds; False when it has not come."""
        self._ready.wait(max(0.0, timeout))
        return self._ready.is_set()

    def follow(self, follower: OnPiece) -> None:
        """Gives a function what has come and what will come, on the timeline of the task."""
        with self._lock:
            self._follower = follower
            for piece in self._pieces:
                follower(piece)

    def cancel(self) -> None:
        """Lets the generator stop writing; a piece that is being given on still arrives."""
        # Without the lock: whoever cancels may be waited for by the one who takes a piece.
        self._cancelled = True

    def run(self) -> None:
        """Reads to the end."""
        try:
            for piece in self._generator.stream(self.task.call, self.task.options):
                if not self._take(piece):
                    break
        except MagentaBridgeError as error:
            self._fail(error)
        except Exception as error:  # noqa: BLE001 - a musician must not wait for a dead thread
            _LOG.exception("The generator failed.")
            self._fail(InternalError(f"The generator failed: {type(error).__name__}."))
        finally:
            self._ready.set()

    def _fail(self, error: MagentaBridgeError) -> None:
        self.error = error
        self._ready.set()
        if not self._cancelled:
            self._on_failure(self)

    def _take(self, piece: NoteSequence) -> bool:
        part = notes_between(piece, self.task.start, self.task.end)
        with self._lock:
            if self._cancelled:
                return False
            self._pieces.append(part)
            if self._follower is not None:
                self._follower(part)
        if part.notes or piece.total_time > self.task.start + _SAME_SECONDS:
            self._ready_at = self._ready_at or time.monotonic()
            self._ready.set()
        return True
