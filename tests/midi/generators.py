"""Generators whose music a test can foresee."""

from __future__ import annotations

import threading
from collections.abc import Iterator

from magenta_bridge.errors import ServerUnavailableError
from magenta_bridge.noteseq import GeneratorDetails, GeneratorOptions, NoteSequence


class Parrot:
    """Repeats the call an octave higher, as a whole: Magenta's interface and no more."""

    details = GeneratorDetails(id="parrot", description="Repeats what it hears.")

    def __init__(self) -> None:
        self.asked: list[tuple[NoteSequence, GeneratorOptions]] = []

    def generate(
        self, input_sequence: NoteSequence, generator_options: GeneratorOptions
    ) -> NoteSequence:
        """Returns call and response on one timeline."""
        self.asked.append((input_sequence, generator_options))
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


class StreamingParrot(Parrot):
    """Repeats the call note by note.

    Attributes:
        broken: Once set, it fails after the first note.
        hold: Cleared, it waits before the first note.
    """

    def __init__(self) -> None:
        super().__init__()
        self.broken = threading.Event()
        self.hold = threading.Event()
        self.hold.set()

    def stream(
        self, input_sequence: NoteSequence, generator_options: GeneratorOptions
    ) -> Iterator[NoteSequence]:
        """Yields one note of the response after the other."""
        whole = self.generate(input_sequence, generator_options)
        self.hold.wait()
        section = generator_options.generate_sections[0]
        for note in whole.notes:
            if note.start_time >= section.start_time:
                piece = NoteSequence(total_time=note.start_time)
                piece.notes.add().CopyFrom(note)
                yield piece
                if self.broken.is_set():
                    raise ServerUnavailableError("The server has gone.")
