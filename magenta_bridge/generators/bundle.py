"""Magenta's ``.mag``: a serialized GeneratorBundle. Reading one never runs code from it."""

from __future__ import annotations

import functools
import hashlib
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from google.protobuf.message import DecodeError

from magenta_bridge.errors import BundleError, MagentaBridgeError
from magenta_bridge.files import read_limited, save_bytes
from magenta_bridge.limits import BUNDLE_BYTES, BUNDLE_TRIAL_SECONDS
from magenta_bridge.noteseq import GeneratorBundle
from magenta_bridge.runtime.program import StepProgram

# checkpoint_file: the Keras archive, then the checksum.
_PARTS: Final = 2
_PACKAGE: Final = Path(__file__).resolve().parent.parent

REFUSED: Final = 3
"""Exit status of the process that tries a bundle when it prints why the bundle is refused."""

_TRIAL: Final = (
    "import sys; sys.path[:] = {path!r}; "
    "from magenta_bridge.generators.bundle_trial import main; sys.exit(main())"
)
_verified: Final[set[bytes]] = set()
"""Digests of programs that passed ``try_bundle`` in this process."""


@dataclass(frozen=True)
class Bundle:
    """A trained model, ready to serve.

    Attributes:
        id: Id of the generator.
        description: One sentence for a musician.
        details: The music and the software that it was trained with, one paragraph.
        program: The exported program.
        network: The Keras archive, for further training; may be empty.
    """

    id: str
    description: str
    details: str
    program: StepProgram
    network: bytes

    @property
    def metadata(self) -> Mapping[str, Any]:
        """Metadata of the program: family, encoding, pitch range, defaults."""
        return self.program.description


def shipped_bundles() -> list[Path]:
    """Return the bundles of this installation, in order of name."""
    # A checkout on a system without symbolic links has models/ only beside the package.
    for folder in (_PACKAGE / "models", _PACKAGE.parent / "models"):
        found = sorted(folder.glob("*/*.mag"), key=lambda path: path.name)
        if found:
            return found
    return []


def read_bundle(path: Path) -> Bundle:
    """Read a bundle file.

    A program that is not of this installation is verified and tried in a process of its own, once.

    Raises:
        NotFoundError: There is no such file.
        LimitExceededError: The file is too large.
        BundleError: The file is not a bundle, or one without a program of this software.
    """
    bundle = _parse(path)
    _check_checksum(bundle, path.name)
    digest = _digest(bundle)
    if digest not in _verified and digest not in _shipped():
        try_bundle(bundle.SerializeToString(), path.name)
        _verified.add(digest)
    return open_bundle(bundle, path.name)


def try_bundle(bundle: bytes, name: str) -> None:
    """Verify a bundle's program, and generate a first bar with it, in another process.

    Args:
        bundle: The serialized ``GeneratorBundle``.
        name: The name of its file, for messages.

    Raises:
        BundleError: The program is not one of this software, ends the process, or needs more time
            or memory than allowed.
    """
    try:
        result = subprocess.run(  # noqa: S603 - this interpreter, with our own words
            [sys.executable, "-c", _TRIAL.format(path=sys.path)],
            input=bundle,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=BUNDLE_TRIAL_SECONDS.value,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise BundleError(
            f"{name} generated no bar within {BUNDLE_TRIAL_SECONDS.value} seconds, so it was not "
            "loaded; get it again from someone whom you trust."
        ) from error
    except OSError as error:
        raise BundleError(f"{name} cannot be checked: {error.strerror}; try again.") from error
    if result.returncode == REFUSED:
        raise BundleError(f"{name}: {result.stdout.decode(errors='replace').strip()}")
    if result.returncode:
        raise BundleError(
            f"{name} crashed the process that tried it, or needs too much memory, so it was not "
            "loaded; get it again from someone whom you trust."
        )


def open_bundle(bundle: GeneratorBundle, name: str) -> Bundle:
    """Return the contents of a bundle whose program is known to be safe.

    Args:
        bundle: The bundle.
        name: The name of its file, for messages.

    Raises:
        BundleError: It has no program of this software.
    """
    try:
        program = StepProgram(bundle.metagraph_file)
    except BundleError as error:
        raise BundleError(f"{name}: {error.message}") from error
    return Bundle(
        id=bundle.generator_details.id,
        description=bundle.generator_details.description,
        details=bundle.bundle_details.description,
        program=program,
        network=bundle.checkpoint_file[0],
    )


def _digest(bundle: GeneratorBundle) -> bytes:
    return hashlib.sha256(bundle.metagraph_file).digest()


@functools.cache
def _shipped() -> frozenset[bytes]:
    """Return the digests of this installation's programs."""
    return frozenset(_digest(_parse(path)) for path in shipped_bundles())


def read_bundle_id(path: Path) -> str:
    """Return the id of a bundle's generator, without any other check.

    For a file that is not a bundle, return the file's stem.
    """
    try:
        return _parse(path).generator_details.id
    except MagentaBridgeError:
        return path.stem


def _parse(path: Path) -> GeneratorBundle:
    raw = read_limited(path, BUNDLE_BYTES, advice="give a .mag file")
    bundle = GeneratorBundle()
    try:
        bundle.ParseFromString(raw)
    except DecodeError as error:
        raise BundleError(f"{path.name} is not a bundle; give a .mag file.") from error
    if not bundle.generator_details.id or not bundle.metagraph_file:
        raise BundleError(f"{path.name} is not a bundle with a program; give a .mag bundle.")
    return bundle


def write_bundle(
    path: Path,
    *,
    generator_id: str,
    description: str,
    details: str,
    program: bytes,
    network: bytes,
) -> None:
    """Write a bundle in one rename: a reader sees the old file or the new one.

    Args:
        path: The ``.mag`` file.
        generator_id: Id of the generator.
        description: One sentence for a musician.
        details: The music and the software that it was trained with.
        program: LiteRT flatbuffer that includes its metadata.
        network: Keras archive.

    Raises:
        NotFoundError: The folder does not exist or is not writable.
    """
    bundle = GeneratorBundle(metagraph_file=program, checkpoint_file=[network])
    bundle.generator_details.id = generator_id
    bundle.generator_details.description = description
    # It has the name of a folder, which need not be valid Unicode.
    bundle.bundle_details.description = details.encode(errors="backslashreplace").decode()
    bundle.checkpoint_file.append(_checksum(bundle))
    save_bytes(path, bundle.SerializeToString(deterministic=True))


def _checksum(bundle: GeneratorBundle) -> bytes:
    """Return the SHA-256 of all parts, each after its length; 32 bytes."""
    digest = hashlib.sha256()
    for part in (
        bundle.generator_details.id.encode(),
        bundle.generator_details.description.encode(),
        bundle.bundle_details.description.encode(),
        bundle.metagraph_file,
        bundle.checkpoint_file[0],
    ):
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.digest()


def _check_checksum(bundle: GeneratorBundle, name: str) -> None:
    """Reject a damaged bundle before LiteRT, native code that can crash, reads its bytes."""
    if len(bundle.checkpoint_file) != _PARTS:
        raise BundleError(
            f"{name} has no checksum, so this version of Magenta Bridge did not make it; "
            "export the model again."
        )
    if bundle.checkpoint_file[1] != _checksum(bundle):
        raise BundleError(f"{name} is damaged (its checksum is wrong); get it again.")
