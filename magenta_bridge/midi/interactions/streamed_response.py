"""A response that is being generated."""

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
# External ticks arrive slightly early or late; smaller differences do not matter.
_SAME_SECONDS: Final = 0.02


class SequenceGenerator(Protocol):
    """The part of Magenta's SequenceGenerator that interactions use."""

    @property
    def details(self) -> GeneratorDetails:
        """ID and description."""

    def generate(
        self, input_sequence: NoteSequence, generator_options: GeneratorOptions
    ) -> NoteSequence:
        """Return the music of the section specified by the options."""


@runtime_checkable
class StreamingGenerator(Protocol):
    """A generator that yields the first notes while it generates the rest."""

    def stream(
        self, input_sequence: NoteSequence, generator_options: GeneratorOptions
    ) -> Iterator[NoteSequence]:
        """Yield consecutive pieces of the music."""


@dataclass(frozen=True, eq=False)
class GenerationTask:
    """A response to generate. Times are seconds from the start of the call.

    Attributes:
        generator: The generator.
        call: The input.
        start: Start of the response.
        end: End of the response.
        temperature: Sampling temperature.
    """

    generator: SequenceGenerator
    call: NoteSequence
    start: float
    end: float
    temperature: float

    @property
    def options(self) -> GeneratorOptions:
        """The task as generator options."""
        options = GeneratorOptions()
        options.input_sections.add(start_time=0, end_time=self.start)
        options.generate_sections.add(start_time=self.start, end_time=self.end)
        options.args["temperature"].float_value = self.temperature
        return options

    def fits(self, other: GenerationTask) -> bool:
        """Return whether generator, temperature, section and tempo are the same."""
        return (
            self.generator is other.generator
            and abs(self.temperature - other.temperature) < 1e-6
            and abs(self.start - other.start) < _SAME_SECONDS
            and abs(self.end - other.end) < _SAME_SECONDS
            and [tempo.qpm for tempo in self.call.tempos]
            == [tempo.qpm for tempo in other.call.tempos]
        )

    def same_as(self, other: GenerationTask) -> bool:
        """Return whether both tasks fit and have the same notes within 20 ms."""
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


class StreamedResponse(threading.Thread):
    """Reads a response from a streaming generator.

    If the generator fails, ``on_failure`` is called in this thread, unless cancelled.

    Threading: safe from any number of threads.
    """

    def __init__(
        self,
        task: GenerationTask,
        generator: StreamingGenerator,
        on_failure: Callable[[StreamedResponse], None],
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
        """Whether the first music, or the end, has arrived."""
        return self._ready.is_set() and self.error is None

    def ready_for(self) -> float | None:
        """Return the seconds since the first music arrived; None if it has not."""
        return None if self._ready_at is None else time.monotonic() - self._ready_at

    def wait_until_ready(self, timeout: float) -> bool:
        """Wait up to ``timeout`` seconds for the first music; return whether it arrived."""
        return self._ready.wait(max(0.0, timeout))

    def follow(self, follower: OnPiece) -> None:
        """Call a function with all past and future pieces, on the timeline of the task."""
        with self._lock:
            self._follower = follower
            for piece in self._pieces:
                follower(piece)

    def cancel(self) -> None:
        """Stop the generation; a piece that is being delivered still arrives."""
        # Without the lock: the follower can wait for a thread that cancels.
        self._cancelled = True

    def run(self) -> None:
        """Read to the end."""
        try:
            for piece in self._generator.stream(self.task.call, self.task.options):
                if not self._deliver(piece):
                    break
        except MagentaBridgeError as error:
            self._fail(error)
        except Exception as error:  # noqa: BLE001 - a waiting interaction must learn of any failure
            _LOG.exception("The generator failed.")
            self._fail(InternalError(f"The generator failed: {type(error).__name__}."))
        finally:
            self._ready.set()

    def _fail(self, error: MagentaBridgeError) -> None:
        self.error = error
        self._ready.set()
        if not self._cancelled:
            self._on_failure(self)

    def _deliver(self, piece: NoteSequence) -> bool:
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
