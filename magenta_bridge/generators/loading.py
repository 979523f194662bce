"""The bundles that come with the package, and any others, as a registry."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from magenta_bridge.errors import BundleError, CancelledError, NotFoundError
from magenta_bridge.generators.bars import BarGenerator
from magenta_bridge.generators.bundle import Bundle, read_bundle
from magenta_bridge.generators.drums import DrumsGenerator
from magenta_bridge.generators.generator import Interrupt, SequenceGenerator, never_interrupt
from magenta_bridge.generators.melody import MelodyGenerator
from magenta_bridge.generators.performance import PerformanceGenerator
from magenta_bridge.generators.polyphony import PolyphonyGenerator
from magenta_bridge.generators.registry import GeneratorRegistry
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


_GENERATORS: Final[Mapping[str, Callable[[Bundle], SequenceGenerator]]] = {
    "drums": DrumsGenerator,
    "melody": MelodyGenerator,
    "performance": PerformanceGenerator,
    "polyphony": PolyphonyGenerator,
}
# These make whole bars, whatever the bars hold.
_BAR_FAMILY: Final = "gan"
_PACKAGE: Final = Path(__file__).resolve().parent.parent


def shipped_bundles() -> list[Path]:
    """Returns the bundles of this installation, in order of name."""
    # A checkout on a system without symbolic links holds models/ beside the package only.
    for folder in (_PACKAGE / "models", _PACKAGE.parent / "models"):
        found = sorted(folder.glob("*/*.mag"), key=lambda path: path.name)
        if found:
            return found
    return []


def find_bundle(name: str) -> Bundle:
    """Returns a bundle by its file or, for a shipped one, by its id.

    Raises:
        NotFoundError: There is neither such a file nor such a shipped bundle.
        BundleError: It is damaged.
    """
    return read_bundle(find_bundle_file(name))


def find_bundle_file(name: str) -> Path:
    """Returns the file of a bundle that is named by it or, for a shipped one, by its id.

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
    """Loads one bundle and makes it ready to generate.

    Raises:
        NotFoundError: There is no such file.
        BundleError: It is damaged, or of an encoding unknown here.
    """
    bundle = read_bundle(path)
    encoding = str(bundle.traits.get("encoding", ""))
    made = bundle.traits.get("family") == _BAR_FAMILY
    if encoding not in (("melody", "duo") if made else _GENERATORS):
        raise BundleError(
            f"{path.name} speaks the encoding {encoding!r}, which this version does not know; "
            "update Magenta Bridge."
        )
    return _make(bundle, encoding, path)


def _make(bundle: Bundle, encoding: str, path: Path) -> SequenceGenerator:
    try:
        if bundle.traits.get("family") == _BAR_FAMILY:
            return BarGenerator(bundle)
        return _GENERATORS[encoding](bundle)
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise BundleError(f"{path.name} describes itself incompletely; get it again.") from error


def bundles_to_serve(named: Sequence[Path] | None = None) -> Sequence[Path]:
    """Returns the bundles that are named; the shipped ones when None.

    Raises:
        NotFoundError: There are none.
    """
    paths = named if named is not None else shipped_bundles()
    if not paths:
        raise NotFoundError(
            "This installation holds no bundles; install Magenta Bridge again, or name one "
            "with --bundle."
        )
    return paths


def load_registry(bundles: Sequence[Path] | None = None) -> GeneratorRegistry:
    """Loads bundles into a registry.

    Args:
        bundles: The files; the shipped ones when None.

    Raises:
        NotFoundError: A file is missing, or none is shipped with this installation.
        BundleError: A file is damaged.
        InvalidArgumentError: Two bundles bear the same id.
    """
    return GeneratorRegistry(load_generator(path) for path in bundles_to_serve(bundles))
