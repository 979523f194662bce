"""Loads bundles, those of the installation or others, as generators."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from magenta_bridge.errors import BundleError, CancelledError, NotFoundError
from magenta_bridge.generators.bars import BarGenerator
from magenta_bridge.generators.bundle import Bundle, read_bundle, shipped_bundles
from magenta_bridge.generators.drums import DrumsGenerator
from magenta_bridge.generators.generator import Interrupt, SequenceGenerator, never_interrupt
from magenta_bridge.generators.groove import GrooveGenerator
from magenta_bridge.generators.melody import MelodyGenerator
from magenta_bridge.generators.performance import PerformanceGenerator
from magenta_bridge.generators.polyphony import PolyphonyGenerator
from magenta_bridge.generators.registry import GeneratorRegistry
from magenta_bridge.noteseq import GeneratorOptions, NoteSequence
from magenta_bridge.sequences.sections import section_after

_Makers = Mapping[str, Callable[[Bundle], SequenceGenerator]]
# By encoding: generators of whole bars, and of one step after another.
_BAR_FAMILY: Final = "gan"
_BAR_GENERATORS: Final[_Makers] = {"duo": BarGenerator, "melody": BarGenerator}
_STEP_GENERATORS: Final[_Makers] = {
    "drums": DrumsGenerator,
    "groove": GrooveGenerator,
    "melody": MelodyGenerator,
    "performance": PerformanceGenerator,
    "polyphony": PolyphonyGenerator,
}


def find_bundle(name: str) -> Bundle:
    """Read a bundle by its file or, if it is shipped, by its id.

    Raises:
        NotFoundError: There is neither such a file nor such a shipped bundle.
        BundleError: The bundle is damaged.
    """
    return read_bundle(find_bundle_file(name))


def find_bundle_file(name: str) -> Path:
    """Return the file of a bundle by its path or, if it is shipped, by its id.

    Raises:
        NotFoundError: There is neither such a file nor such a shipped bundle.
    """
    shipped = {path.stem: path for path in shipped_bundles()}
    path = Path(name)
    if not path.exists():
        path = shipped.get(path.name.removesuffix(".mag"), path)
    if not path.exists():
        raise NotFoundError(
            f"There is no bundle {name}; name a .mag file, or one of {', '.join(sorted(shipped))}."
        )
    return path


def load_generator(path: Path) -> SequenceGenerator:
    """Load a bundle, ready to generate.

    Raises:
        NotFoundError: There is no such file.
        BundleError: The bundle is damaged, unsafe, or its encoding is unknown.
    """
    return make_generator(read_bundle(path), path.name)


def make_generator(bundle: Bundle, name: str) -> SequenceGenerator:
    """Return the generator of a bundle.

    Args:
        bundle: The bundle.
        name: The name of its file, for messages.

    Raises:
        BundleError: The bundle's metadata is incomplete, or its encoding is unknown.
    """
    encoding = str(bundle.metadata.get("encoding", ""))
    is_bars = bundle.metadata.get("family") == _BAR_FAMILY
    make = (_BAR_GENERATORS if is_bars else _STEP_GENERATORS).get(encoding)
    if make is None:
        raise BundleError(
            f"{name} has the encoding {encoding!r}, which this version does not support; "
            "update Magenta Bridge."
        )
    try:
        return make(bundle)
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise BundleError(f"The metadata of {name} are incomplete; get it again.") from error


def bundles_to_serve(named: Sequence[Path] | None = None) -> Sequence[Path]:
    """Return the named bundles, or the shipped ones for None.

    Raises:
        NotFoundError: This installation has no bundles.
    """
    paths = named if named is not None else shipped_bundles()
    if not paths:
        raise NotFoundError(
            "This installation has no bundles; install Magenta Bridge again, or name one with "
            "--bundle."
        )
    return paths


def load_registry(bundles: Sequence[Path] | None = None) -> GeneratorRegistry:
    """Load bundles into a registry.

    Args:
        bundles: The files; the shipped ones when None.

    Raises:
        NotFoundError: A file does not exist, or this installation has none.
        BundleError: A bundle is damaged.
        InvalidArgumentError: Two bundles have the same id.
    """
    return GeneratorRegistry(load_generator(path) for path in bundles_to_serve(bundles))


def first_bar(generator: SequenceGenerator, interrupt: Interrupt = never_interrupt) -> NoteSequence:
    """Generate one bar of 4/4 at 120 qpm, two seconds, without a primer, by the defaults."""
    start, end = section_after(None, 1)
    options = GeneratorOptions()
    options.generate_sections.add(start_time=start, end_time=end)
    return generator.generate(NoteSequence(), options, interrupt=interrupt)


def warm_up(generator: SequenceGenerator, interrupt: Interrupt = never_interrupt) -> None:
    """Generate a first bar, so that later requests are fast and a broken generator is found.

    Args:
        generator: The generator.
        interrupt: Called before each chunk of work; raises to stop it.

    Raises:
        BundleError: The generator cannot generate a bar.
        CancelledError: The interrupt stopped it.
    """
    try:
        first_bar(generator, interrupt)
    except CancelledError:
        raise
    except Exception as error:
        raise BundleError(
            f"{generator.info.id} fails in its first bar ({error}); export it again."
        ) from error
