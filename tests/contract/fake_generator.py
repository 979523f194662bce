"""Generators without a model, for tests of everything around a generator."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator

from magenta_bridge.arguments import Argument, ArgumentType, read_arguments
from magenta_bridge.description import Capability, GeneratorInfo
from magenta_bridge.generators.generator import Interrupt, SequenceGenerator, never_interrupt
from magenta_bridge.noteseq import GeneratorOptions, NoteSequence
from magenta_bridge.sequences.validate import validate

LEAK = "the private path of someone"
# Interval in which a waiting fake polls its interrupt, in seconds.
POLL = 0.005

ARGUMENTS = (
    Argument("seed", ArgumentType.INT, 0, "Repeats the music.", 0, 2**31 - 1),
    Argument("temperature", ArgumentType.FLOAT, 1.0, "Wildness.", 0.1, 2.0),
    Argument("lowest", ArgumentType.INT, 48, "Lowest note.", 0, 115, "semitones"),
    Argument("rests", ArgumentType.BOOL, False, "Leave gaps."),
    Argument("mode", ArgumentType.STRING, "major", "Color of the scale."),
)


def _info(generator_id: str) -> GeneratorInfo:
    return GeneratorInfo(
        id=generator_id,
        description=f"A fake called {generator_id}.",
        family="fake",
        encoding="melody",
        capabilities=(Capability.GENERATE, Capability.CONTINUE),
        arguments=ARGUMENTS,
        steps_per_quarter=4,
    )


class ScaleGenerator(SequenceGenerator):
    """Generates seeded quarter notes at 120 qpm, in chunks of two seconds."""

    def __init__(self, generator_id: str = "scale") -> None:
        self.info = _info(generator_id)

    def stream(
        self,
        input_sequence: NoteSequence,
        generator_options: GeneratorOptions,
        *,
        interrupt: Interrupt = never_interrupt,
    ) -> Iterator[NoteSequence]:
        """Yield one chunk for each bar of the section."""
        values = read_arguments(self.info.arguments, generator_options)
        validate(input_sequence, field="primer")
        draw = random.Random(f"{values['seed']} {len(input_sequence.notes)}")  # noqa: S311
        section = generator_options.generate_sections[0]
        time, first = section.start_time, True
        while time < section.end_time:
            interrupt()
            chunk = NoteSequence()
            if first:
                chunk.tempos.add(qpm=120)
            first = False
            bar_end = min(time + 2.0, section.end_time)
            while time < bar_end:
                pitch = int(values["lowest"]) + draw.randrange(12)
                end = min(time + 0.5, bar_end)
                chunk.notes.add(pitch=pitch, velocity=80, start_time=time, end_time=end)
                time = end
            chunk.total_time = bar_end
            yield chunk


class GatedGenerator(SequenceGenerator):
    """Generates one chunk, then waits for its gate, polling its interrupt."""

    def __init__(self, generator_id: str = "gated") -> None:
        self.info = _info(generator_id)
        self.gate = threading.Event()
        self.waiting = threading.Event()
        self.ended = threading.Event()

    def twin(self, generator_id: str) -> GatedGenerator:
        """Return another generator with the same gate."""
        twin = GatedGenerator(generator_id)
        twin.gate, twin.waiting, twin.ended = self.gate, self.waiting, self.ended
        return twin

    def stream(
        self,
        input_sequence: NoteSequence,  # noqa: ARG002 - the interface
        generator_options: GeneratorOptions,
        *,
        interrupt: Interrupt = never_interrupt,
    ) -> Iterator[NoteSequence]:
        """Yield a chunk at once and another one when the gate opens."""
        section = generator_options.generate_sections[0]
        try:
            yield NoteSequence(total_time=section.start_time)
            self.waiting.set()
            while not self.gate.wait(POLL):
                interrupt()
            yield NoteSequence(total_time=section.end_time)
        finally:
            self.ended.set()


class EndlessGenerator(SequenceGenerator):
    """Generates large chunks endlessly and counts them."""

    info = _info("endless")

    def __init__(self) -> None:
        self.chunks = 0
        self.ended = threading.Event()

    def stream(
        self,
        input_sequence: NoteSequence,  # noqa: ARG002 - the interface
        generator_options: GeneratorOptions,  # noqa: ARG002
        *,
        interrupt: Interrupt = never_interrupt,
    ) -> Iterator[NoteSequence]:
        """Yield chunks of about 64 KiB."""
        chunk = NoteSequence(collection_name="x" * 65_536)
        try:
            while True:
                interrupt()
                self.chunks += 1
                yield chunk
        finally:
            self.ended.set()


class FaultyGenerator(SequenceGenerator):
    """Raises an error after its first chunk."""

    info = _info("faulty")

    def __init__(self) -> None:
        self.make_error: Callable[[], Exception] = lambda: KeyError(LEAK)

    def stream(
        self,
        input_sequence: NoteSequence,  # noqa: ARG002 - the interface
        generator_options: GeneratorOptions,  # noqa: ARG002
        *,
        interrupt: Interrupt = never_interrupt,  # noqa: ARG002
    ) -> Iterator[NoteSequence]:
        """Yield an empty chunk, then fail."""
        yield NoteSequence()
        raise self.make_error()
