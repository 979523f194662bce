"""Magenta's SequenceGenerator: NoteSequence and GeneratorOptions in, NoteSequence out."""

from __future__ import annotations

import abc
from collections.abc import Callable, Iterator

from magenta_bridge.description import GeneratorInfo, Notice
from magenta_bridge.noteseq import GeneratorBundle, GeneratorDetails, GeneratorOptions, NoteSequence

Interrupt = Callable[[], None]


def never_interrupt() -> None:
    """Do nothing: the interrupt of a caller that waits for the end."""


class SequenceGenerator(abc.ABC):
    """A trained model; names and meaning follow Magenta's class of this name.

    Threading: safe from any number of threads.
    """

    info: GeneratorInfo

    @property
    def details(self) -> GeneratorDetails:
        """Magenta's id and description."""
        return GeneratorDetails(id=self.info.id, description=self.info.description)

    @property
    def bundle_details(self) -> GeneratorBundle.BundleDetails | None:
        """Magenta's description of the bundle; None without a bundle."""
        return None

    @abc.abstractmethod
    def stream(
        self,
        input_sequence: NoteSequence,
        generator_options: GeneratorOptions,
        *,
        interrupt: Interrupt = never_interrupt,
    ) -> Iterator[NoteSequence]:
        """Generate piece by piece.

        Args:
            input_sequence: The primer, in seconds; empty for none. ``input_sections`` choose
                the part that is read (all of it without any).
            generator_options: The only entry of ``generate_sections`` is the section, in
                seconds on the primer's timeline; ``args`` are of ``info.arguments``.
            interrupt: Called before each chunk of work; raises to stop it.

        Yields:
            NoteSequences on the primer's timeline. Each has notes that are final, in order,
            each once; ``total_time`` is the time up to which the music is complete, in seconds:
            no later note begins before it, though where voices overlap a note of this piece may
            end after it. The first piece has tempo and time signature.

        Raises:
            InvalidArgumentError: Options or primer break a rule.
        """

    def notices(
        self,
        input_sequence: NoteSequence,  # noqa: ARG002 - for subclasses
        generator_options: GeneratorOptions,  # noqa: ARG002
    ) -> list[Notice]:
        """Return how much of a primer ``stream`` does not read; arguments and errors are its."""
        return []

    def generate(
        self,
        input_sequence: NoteSequence,
        generator_options: GeneratorOptions,
        *,
        interrupt: Interrupt = never_interrupt,
    ) -> NoteSequence:
        """Generate the whole section at once; arguments and errors as in ``stream``.

        Returns:
            The generated section alone (not the primer), on the primer's timeline.
        """
        result = NoteSequence()
        for piece in self.stream(input_sequence, generator_options, interrupt=interrupt):
            result.MergeFrom(piece)
        return result
