"""A generator's first bar, written before anybody listens."""

from __future__ import annotations

from magenta_bridge.errors import BundleError, CancelledError
from magenta_bridge.generators.generator import Interrupt, SequenceGenerator, never_interrupt
from magenta_bridge.noteseq import GeneratorOptions, NoteSequence
from magenta_bridge.sequences.sections import section_after


def first_bar(generator: SequenceGenerator, interrupt: Interrupt = never_interrupt) -> NoteSequence:
    """Returns one bar of 4/4 at 120 qpm, two seconds, after nothing; arguments as they default."""
    start, end = section_after(None, 1)
    options = GeneratorOptions()
    options.generate_sections.add(start_time=start, end_time=end)
    return generator.generate(NoteSequence(), options, interrupt=interrupt)


def warm_up(generator: SequenceGenerator, interrupt: Interrupt = never_interrupt) -> None:
    """Makes a generator as fast as it will be, and shows that it can write at all.

    Args:
        generator: The generator.
        interrupt: Called before each chunk of work; raises to stop it.

    Raises:
        BundleError: It cannot write a bar.
        CancelledError: The interrupt has stopped it.
    """
    try:
        first_bar(generator, interrupt)
    except CancelledError:
        raise
    except Exception as error:
        raise BundleError(
            f"{generator.info.id} fails at its first bar ({error}); export it again."
        ) from error
