"""The checks of ``magenta-bridge doctor``."""

from __future__ import annotations

import enum
import importlib.metadata
import importlib.util
import json
import platform
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.requirements import Requirement

from magenta_bridge import __version__
from magenta_bridge.errors import MagentaBridgeError, UnauthenticatedError

if TYPE_CHECKING:
    from magenta_bridge.generators.generator import SequenceGenerator

_DISTRIBUTION = "magenta-bridge"
_OLDEST_PYTHON, _NEWEST_PYTHON = (3, 10), (3, 14)
REINSTALL = "Reinstall: pip install --force-reinstall magenta-bridge"
_HOST = "127.0.0.1"
_PORT = 50_051
_SERVER_TIMEOUT_S = 3.0
_MIDI_TIMEOUT_S = 10.0

# Runs in a separate process, which a missing or stuck MIDI system may hang or end.
_MIDI_PROBE = (
    "import json; from magenta_bridge.midi.ports.ports import input_names, output_names; "
    "print(json.dumps([input_names(), output_names()]))"
)
_MIDI_ADVICE = {
    "linux": "Load ALSA's sequencer, for example with: sudo modprobe snd-seq snd-virmidi",
    "darwin": "Open Audio MIDI Setup, show the MIDI Studio, and put the IAC Driver online.",
    "win32": "Install a virtual MIDI cable such as loopMIDI and add a port in it.",
}


class Verdict(enum.Enum):
    """Outcome of a check."""

    OK = "OK"
    WARN = "WARN"
    FAIL = "FAIL"


@dataclass(frozen=True)
class CheckResult:
    """One line of the report.

    Attributes:
        verdict: OK; WARN if something optional is missing; FAIL if music cannot be generated.
        subject: What was checked, in one or two words.
        text: What was found.
        advice: What to do about it; empty if nothing.
    """

    verdict: Verdict
    subject: str
    text: str
    advice: str = ""


def ok(subject: str, text: str) -> CheckResult:
    """Return the result of a check that passed."""
    return CheckResult(Verdict.OK, subject, text)


def warn(subject: str, text: str, advice: str) -> CheckResult:
    """Return the result of a check that found something optional missing."""
    return CheckResult(Verdict.WARN, subject, text, advice)


def fail(subject: str, text: str, advice: str) -> CheckResult:
    """Return the result of a check that found a fault that prevents generation."""
    return CheckResult(Verdict.FAIL, subject, text, advice)


def check_python() -> CheckResult:
    """Check the version of Python."""
    version = f"Python {platform.python_version()} on {platform.system()} {platform.machine()}"
    if _OLDEST_PYTHON <= sys.version_info[:2] <= _NEWEST_PYTHON:
        return ok("python", version)
    return warn("python", version, "Use Python 3.10 to 3.14.")


def check_packages() -> Iterator[CheckResult]:
    """Check that the packages of the base install are there."""
    try:
        requirements = importlib.metadata.requires(_DISTRIBUTION) or []
    except importlib.metadata.PackageNotFoundError:
        yield warn(
            "packages",
            f"Magenta Bridge {__version__} runs from a folder and is not installed",
            "In that folder, run: pip install .",
        )
        return
    versions, missing = [f"magenta-bridge {__version__}"], []
    for requirement in map(Requirement, requirements):
        # Requirements of extras, and of other systems and versions of Python, do not count.
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
            continue
        try:
            version = importlib.metadata.version(requirement.name)
            versions.append(f"{requirement.name} {version}")
        except importlib.metadata.PackageNotFoundError:
            missing.append(requirement.name)
    if missing:
        names = " ".join(missing)
        yield fail("packages", f"not installed: {names}", f"Run: pip install {names}")
    yield ok("packages", ", ".join(versions))


def check_training() -> CheckResult:
    """Check whether TensorFlow and Keras are installed, without importing them."""
    absent = [name for name in ("tensorflow", "keras") if importlib.util.find_spec(name) is None]
    if absent:
        return ok(
            "training",
            f"not installed ({', '.join(absent)}); only training needs it: "
            'pip install "magenta-bridge[train]"',
        )
    versions = [f"{name} {_version(name)}" for name in ("tensorflow", "keras")]
    return ok("training", ", ".join(versions))


def check_sound_font() -> CheckResult:
    """Check that ``--sound`` has a SoundFont."""
    from magenta_bridge.render.audio import find_sound_font

    try:
        return ok("soundfont", find_sound_font().name)
    except MagentaBridgeError as error:
        return warn("soundfont", error.message, "Only --sound needs it; MIDI files do not.")


def check_bundles() -> Iterator[CheckResult]:
    """Load the included bundles, and generate one bar with each."""
    from magenta_bridge.generators.loading import load_registry

    began = time.perf_counter()
    try:
        generators = load_registry().list()
    except MagentaBridgeError as error:
        yield fail("bundles", error.message, REINSTALL)
        return
    if not generators:
        yield fail("bundles", "not installed", REINSTALL)
        return
    names = ", ".join(generator.info.id for generator in generators)
    yield ok("bundles", f"{names}, loaded in {time.perf_counter() - began:.2f} s")
    for generator in generators:
        yield _generate_one_bar(generator)


def check_bundle_folder(folder: Path) -> Iterator[CheckResult]:
    """Load the bundles in a folder, and generate one bar with each."""
    from magenta_bridge.generators.bundle_folder import BundleFolder
    from magenta_bridge.generators.loading import load_generator

    try:
        names = list(BundleFolder(folder).look())
    except MagentaBridgeError as error:
        yield fail("bundle folder", error.message, "Give a folder that contains .mag files.")
        return
    if not names:
        yield warn("bundle folder", f"{folder} contains no bundle", "Put .mag files into it.")
    for name in names:
        try:
            generator = load_generator(folder / name)
        except MagentaBridgeError as error:
            yield fail(name, error.message, "Remove it from the folder, or create it again.")
        else:
            yield _generate_one_bar(generator)


def check_port(port: int = _PORT) -> CheckResult:
    """Check whether a local port is free, or used by a Magenta Bridge server."""
    address = f"{_HOST}:{port}"
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.settimeout(_SERVER_TIMEOUT_S)
        if probe.connect_ex((_HOST, port)) != 0:
            return ok("server", f"not running; {address} is free for: magenta-bridge serve")
    from magenta_bridge.client import Client

    try:
        with Client(address, timeout=_SERVER_TIMEOUT_S) as client:
            names = ", ".join(info.id for info in client.generators())
    except UnauthenticatedError:
        return ok("server", f"runs on {address} and requires a token")
    except MagentaBridgeError as error:
        return warn(
            "server",
            f"{address} is in use, but not by a working Magenta Bridge server ({error.message})",
            f"End that program, or use another port: magenta-bridge serve --port {port + 1}",
        )
    return ok("server", f"runs on {address} with {names}")


def check_midi_ports() -> CheckResult:
    """List the MIDI ports; having none is a warning, since files and Live's device need none."""
    advice = _MIDI_ADVICE.get(sys.platform, "Connect a MIDI device or create a virtual port.")
    advice += " (Writing MIDI files needs no port.)"
    try:
        result = subprocess.run(  # noqa: S603
            [sys.executable, "-c", _MIDI_PROBE],
            capture_output=True,
            text=True,
            timeout=_MIDI_TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return warn("midi ports", "the MIDI system does not respond", advice)
    if result.returncode:
        lines = result.stderr.strip().splitlines()
        # The message without the class of the error.
        reason = lines[-1].rpartition("Error: ")[2] if lines else "the check ended without output"
        return warn("midi ports", f"MIDI is not available ({reason})", advice)
    inputs, outputs = json.loads(result.stdout.splitlines()[-1])
    if not inputs and not outputs:
        return warn("midi ports", "none", advice)
    listed = [", ".join(names) or "none" for names in (inputs, outputs)]
    return ok("midi ports", f"in: {listed[0]}; out: {listed[1]}")


def _generate_one_bar(generator: SequenceGenerator) -> CheckResult:
    from magenta_bridge.generators.loading import first_bar

    subject = f"one bar of {generator.info.id}"
    began = time.perf_counter()
    try:
        bar = first_bar(generator)
    except MagentaBridgeError as error:
        return fail(subject, error.message, REINSTALL)
    return ok(subject, f"{len(bar.notes)} notes in {time.perf_counter() - began:.2f} s")


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        # Some builds have another name, such as tensorflow-cpu.
        return "(version unknown)"
