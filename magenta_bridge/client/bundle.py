"""What the server says of the bundles in its folder, as plain values."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from magenta_bridge.v1 import model_pb2


class BundleStatus(enum.Enum):
    """What became of a bundle; OTHER is what only a newer server knows."""

    READY = "READY"
    LOADING = "LOADING"
    FAILED = "FAILED"
    UNLOADED = "UNLOADED"
    OTHER = "OTHER"


@dataclass(frozen=True)
class Bundle:
    """A file of the server's bundle folder.

    Attributes:
        name: Its name, without the folder, e.g. ``my_tunes.mag``.
        size_bytes: Bytes.
        status: What became of it.
        status_message: What there is to say of that; empty for nothing.
        generator_id: Id of its generator; of an unreadable file, the name without the ending.
    """

    name: str
    size_bytes: int
    status: BundleStatus
    status_message: str
    generator_id: str


def read_bundle(message: model_pb2.Bundle) -> Bundle:
    """Returns the value that a message describes."""
    names = {value: name for name, value in model_pb2.BundleStatus.items()}
    name = names.get(message.status, "").removeprefix("BUNDLE_STATUS_")
    return Bundle(
        name=message.name,
        size_bytes=message.size_bytes,
        status=BundleStatus.__members__.get(name, BundleStatus.OTHER),
        status_message=message.status_message,
        generator_id=message.generator_id,
    )
