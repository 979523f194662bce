"""Generators with predictable output."""

from __future__ import annotations

import threading
from collections.abc import Iterator

from magenta_bridge.errors import ServerUnavailableError
from magenta_bridge.noteseq import GeneratorDetails, GeneratorOptions, NoteSequence
from tests.midi.bounded import TIMEOUT_S


class OctaveGenerator:
    """Repeats the call an octave higher, without streaming."""

    details = GeneratorDetails(id="octave", description="Repeats the call an octave higher.")

    def __init__(self) -> None:
        self.requests: list[tuple[NoteSequence, GeneratorOptions]] = []

    def generate(
        self, input_sequence: NoteSequence, generator_options: GeneratorOptions
    ) -> NoteSequence:
        """Return call and response on one timeline."""
        self.requests.append((input_sequence, generator_options))
        section = generator_options.generate_sections[0]
        music = NoteSequence()
        music.CopyFrom(input_sequence)
        for note in input_sequence.notes:
            music.notes.add(
                pitch=note.pitch + 12,
                velocity=100,
                start_time=note.start_time + section.start_time,
                end_time=note.end_time + section.start_time,
            )
        music.total_time = section.end_time
        return music


class StreamingOctaveGenerator(OctaveGenerator):
    """Repeats the call an octave higher, note by note.

    Attributes:
        broken: When set, the generator fails after the first note.
        released: When cleared, the generator waits before the first note.
    """

    def __init__(self) -> None:
        super().__init__()
        self.broken = threading.Event()
        self.released = threading.Event()
        self.released.set()

    def stream(
        self, input_sequence: NoteSequence, generator_options: GeneratorOptions
    ) -> Iterator[NoteSequence]:
        """Yield the response note by note."""
        whole = self.generate(input_sequence, generator_options)
        assert self.released.wait(TIMEOUT_S)
        section = generator_options.generate_sections[0]
        for note in whole.notes:
            if note.start_time >= section.start_time:
                piece = NoteSequence(total_time=note.start_time)
                piece.notes.add().CopyFrom(note)
                yield piece
                if self.broken.is_set():
                    raise ServerUnavailableError("The server is gone.")


class HoldingGenerator(StreamingOctaveGenerator):
    """Holds one note through the whole section."""

    def stream(
        self, input_sequence: NoteSequence, generator_options: GeneratorOptions
    ) -> Iterator[NoteSequence]:
        """Yield the note."""
        self.requests.append((input_sequence, generator_options))
        section = generator_options.generate_sections[0]
        piece = NoteSequence(total_time=section.end_time)
        piece.notes.add(
            pitch=40, velocity=90, start_time=section.start_time, end_time=section.end_time
        )
        yield piece
