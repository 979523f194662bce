"""Magenta's SequenceGenerator: NoteSequence and GeneratorOptions in, NoteSequence out."""

from __future__ import annotations

import abc
from collections.abc import Callable, Iterator

from magenta_bridge.description import GeneratorInfo
from magenta_bridge.noteseq import GeneratorBundle, GeneratorDetails, GeneratorOptions, NoteSequence

Interrupt = Callable[[], None]


def never_interrupt() -> None:
    """The interrupt of a caller who waits for the end."""


class SequenceGenerator(abc.ABC):
    """Wraps a trained model; names and meaning follow Magenta's class of this name.

    Threading: one instance may be used from any number of threads at once.
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
        """Generates piece by piece.

        Args:
            input_sequence: The primer, in seconds; empty for none. ``input_sections`` choose
                the part that is read (all of it when there is none).
            generator_options: Exactly one ``generate_sections`` entry says from where to where,
                in seconds on the primer's timeline; ``args`` are of ``info.arguments``.
            interrupt: Called before each chunk of work; raises to stop it.

        Yields:
            NoteSequences on the primer's timeline. Each holds notes that are now final, in
            order, none handed out twice; ``total_time`` says up to where, in seconds, the
            music is complete: no later note begins before it, though where voices overlap one
            at hand may end after it. The first one carries tempo and time signature.

        Raises:
            InvalidArgumentError: Options or primer break a rule.
        """

    def generate(
        self,
        input_sequence: NoteSequence,
        generator_options: GeneratorOptions,
        *,
        interrupt: Interrupt = never_interrupt,
    ) -> NoteSequence:
        """Generates the whole section at once; arguments and errors as in ``stream``.

        Returns:
            The generated section alone (not the primer), on the primer's timeline.
        """
        result = NoteSequence()
        for piece in self.stream(input_sequence, generator_options, interrupt=interrupt):
            result.MergeFrom(piece)
        return result
