"""Can music be made here: the SoundFont, the bundles, and one bar of each."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from magenta_bridge.cli.doctor.check_result import Finding, fail, ok, warn
from magenta_bridge.errors import MagentaBridgeError

if TYPE_CHECKING:
    from magenta_bridge.generators.generator import SequenceGenerator

_REINSTALL = "Reinstall it: pip install --force-reinstall magenta-bridge"


def check_sound_font() -> Finding:
    """Is there a SoundFont for ``--sound``."""
    from magenta_bridge.render.audio import find_sound_font

    try:
        return ok("soundfont", find_sound_font().name)
    except MagentaBridgeError as error:
        return warn("soundfont", error.message, "Only --sound needs it; MIDI files do not.")


def check_bundles() -> Iterator[Finding]:
    """Does each shipped bundle load, and does it write a bar."""
    from magenta_bridge.generators.loading import load_registry

    began = time.perf_counter()
    try:
        generators = load_registry().list()
    except MagentaBridgeError as error:
        yield fail("bundles", error.message, _REINSTALL)
        return
    if not generators:
        yield fail("bundles", "none are installed", _REINSTALL)
        return
    names = ", ".join(generator.info.id for generator in generators)
    yield ok("bundles", f"{names}, loaded in {time.perf_counter() - began:.2f} s")
    for generator in generators:
        yield _write_one_bar(generator)


def check_bundle_folder(folder: Path) -> Iterator[Finding]:
    """Does each bundle of a folder load, and does it write a bar."""
    from magenta_bridge.generators.bundle_folder import BundleFolder
    from magenta_bridge.generators.loading import load_generator

    try:
        names = list(BundleFolder(folder).look())
    except MagentaBridgeError as error:
        yield fail("bundle folder", error.message, "Give a folder that holds .mag files.")
        return
    if not names:
        yield warn("bundle folder", f"{folder} holds no bundle", "Put .mag files into it.")
    for name in names:
        try:
            generator = load_generator(folder / name)
        except MagentaBridgeError as error:
            yield fail(name, error.message, "Take it out of the folder, or make it anew.")
        else:
            yield _write_one_bar(generator)


def _write_one_bar(generator: SequenceGenerator) -> Finding:
    from magenta_bridge.generators.loading import first_bar

    subject = f"one bar of {generator.info.id}"
    began = time.perf_counter()
    try:
        bar = first_bar(generator)
    except MagentaBridgeError as error:
        return fail(subject, error.message, _REINSTALL)
    return ok(subject, f"{len(bar.notes)} notes in {time.perf_counter() - began:.2f} s")
