"""Magenta's ``.mag``: a serialized GeneratorBundle. Reading one runs no code of it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from google.protobuf.message import DecodeError

from magenta_bridge.errors import BundleError, MagentaBridgeError
from magenta_bridge.files import read_limited, save_bytes
from magenta_bridge.limits import BUNDLE_BYTES
from magenta_bridge.noteseq import GeneratorBundle
from magenta_bridge.runtime.program import StepProgram

# checkpoint_file: the Keras archive, then the seal.
_PARTS: Final = 2


@dataclass(frozen=True)
class Bundle:
    """A trained model, ready to serve.

    Attributes:
        id: Id of the generator.
        description: One sentence for a musician.
        details: What it was trained on and by what, one paragraph.
        program: The exported program.
        network: The Keras archive, for training on; may be empty.
    """

    id: str
    description: str
    details: str
    program: StepProgram
    network: bytes

    @property
    def traits(self) -> Mapping[str, Any]:
        """What the program says of itself: family, encoding, pitch range, defaults."""
        return self.program.description


def read_bundle(path: Path) -> Bundle:
    """Reads a bundle file.

    Raises:
        NotFoundError: There is no such file.
        LimitExceededError: It is too large.
        BundleError: It is no bundle, or one without our program.
    """
    held = _parse(path)
    _check_seal(held, path.name)
    try:
        program = StepProgram(held.metagraph_file)
    except BundleError as error:
        raise BundleError(f"{path.name}: {error.message}") from error
    return Bundle(
        id=held.generator_details.id,
        description=held.generator_details.description,
        details=held.bundle_details.description,
        program=program,
        network=held.checkpoint_file[0],
    )


def read_bundle_id(path: Path) -> str:
    """Returns the id that a bundle gives its generator, before anything else of it is checked.

    Of a file that is none, it is the file's name without the ending.
    """
    try:
        return _parse(path).generator_details.id
    except MagentaBridgeError:
        return path.stem


def _parse(path: Path) -> GeneratorBundle:
    raw = read_limited(path, BUNDLE_BYTES, advice="give a .mag file")
    held = GeneratorBundle()
    try:
        held.ParseFromString(raw)
    except DecodeError as error:
        raise BundleError(f"{path.name} is not a bundle; give a .mag file.") from error
    if not held.generator_details.id or not held.metagraph_file:
        raise BundleError(f"{path.name} is an empty or foreign file; give a .mag bundle.")
    return held


def write_bundle(
    path: Path,
    *,
    generator_id: str,
    description: str,
    details: str,
    program: bytes,
    network: bytes,
) -> None:
    """Writes a bundle in one rename: a reader sees the old file or the new one.

    Args:
        path: The ``.mag`` file.
        generator_id: Id of the generator.
        description: One sentence for a musician.
        details: What it was trained on and by what.
        program: LiteRT flatbuffer with its description inside.
        network: Keras archive.

    Raises:
        NotFoundError: The folder does not exist or takes no files.
    """
    held = GeneratorBundle(metagraph_file=program, checkpoint_file=[network])
    held.generator_details.id = generator_id
    held.generator_details.description = description
    held.bundle_details.description = details
    held.checkpoint_file.append(_checksum(held))
    save_bytes(path, held.SerializeToString(deterministic=True))


def _checksum(held: GeneratorBundle) -> bytes:
    """Returns the SHA-256 of all parts, each behind its length; 32 bytes."""
    digest = hashlib.sha256()
    for part in (
        held.generator_details.id.encode(),
        held.generator_details.description.encode(),
        held.bundle_details.description.encode(),
        held.metagraph_file,
        held.checkpoint_file[0],
    ):
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.digest()


def _check_seal(held: GeneratorBundle, name: str) -> None:
    """Refuses a damaged bundle before LiteRT, native code that can crash, sees its bytes."""
    if len(held.checkpoint_file) != _PARTS:
        raise BundleError(
            f"{name} bears no checksum, so this version of Magenta Bridge did not make it; "
            "export the model again."
        )
    if held.checkpoint_file[1] != _checksum(held):
        raise BundleError(f"{name} is damaged (its checksum is wrong); get it again.")
