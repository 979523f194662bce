"""What servers and generators say about generators and bundles, as plain values."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from magenta_bridge.arguments import Argument, ArgumentType
from magenta_bridge.v1 import generation_pb2, generator_pb2, model_pb2

if TYPE_CHECKING:
    from google.protobuf.internal.enum_type_wrapper import _EnumTypeWrapper


class Capability(enum.Enum):
    """What a generator can do; a device shows a tool when a generator has its capability."""

    GENERATE = "GENERATE"
    CONTINUE = "CONTINUE"


class GeneratorStatus(enum.Enum):
    """State of a generator; OTHER is one that only a newer server has."""

    READY = "READY"
    LOADING = "LOADING"
    FAILED = "FAILED"
    OTHER = "OTHER"


@dataclass(frozen=True)
class Notice:
    """What a generator did not read of a primer, or read in another way than it was written.

    Attributes:
        code: Kind of notice, e.g. ``DRUMS_NOT_READ``; later versions may add others.
        message: One or two sentences for a musician.
    """

    code: str
    message: str

    @classmethod
    def from_message(cls, message: generation_pb2.Notice) -> Notice:
        """Return the notice that a message has."""
        return cls(message.code, message.message)

    def to_message(self) -> generation_pb2.Notice:
        """Return the message of this notice."""
        return generation_pb2.Notice(code=self.code, message=self.message)


@dataclass(frozen=True)
class GeneratorInfo:
    """A generator; one that is not ready has only an id and a status.

    Attributes:
        id: Name in requests, e.g. ``lstm_melody``.
        description: One sentence for a musician.
        family: Model family, e.g. ``lstm``.
        encoding: Vocabulary, e.g. ``melody``.
        capabilities: What it can do.
        arguments: Its table of arguments.
        steps_per_quarter: Steps of its grid per quarter note; 0 for music in seconds.
        status: Its state.
        status_message: Details of the state; empty for none.
    """

    id: str
    description: str = ""
    family: str = ""
    encoding: str = ""
    capabilities: tuple[Capability, ...] = ()
    arguments: tuple[Argument, ...] = ()
    steps_per_quarter: int = 0
    status: GeneratorStatus = GeneratorStatus.READY
    status_message: str = ""

    @classmethod
    def from_message(cls, message: generator_pb2.Generator) -> GeneratorInfo:
        """Return the generator that a message describes.

        Capabilities and types of arguments that only a newer server has are left out.
        """
        types = {kind.value for kind in ArgumentType}
        capabilities = (_name(generator_pb2.Capability, each) for each in message.capabilities)
        status = GeneratorStatus.__members__.get(
            _name(generator_pb2.GeneratorStatus, message.status), GeneratorStatus.OTHER
        )
        if message.status == generator_pb2.GENERATOR_STATUS_UNSPECIFIED:
            # A server of an earlier version lists only generators that are ready.
            status = GeneratorStatus.READY
        return cls(
            id=message.id,
            description=message.description,
            family=message.family,
            encoding=message.encoding,
            capabilities=tuple(
                Capability(name) for name in capabilities if name in Capability.__members__
            ),
            arguments=tuple(
                Argument.from_message(row)
                for row in message.arguments
                if row.default_value.WhichOneof("kind") in types
            ),
            steps_per_quarter=message.steps_per_quarter,
            status=status,
            status_message=message.status_message,
        )

    def to_message(self) -> generator_pb2.Generator:
        """Return the message that describes this generator."""
        return generator_pb2.Generator(
            id=self.id,
            description=self.description,
            family=self.family,
            encoding=self.encoding,
            capabilities=[
                generator_pb2.Capability.Value(f"CAPABILITY_{each.name}")
                for each in self.capabilities
            ],
            arguments=[row.to_message() for row in self.arguments],
            steps_per_quarter=self.steps_per_quarter,
            status=generator_pb2.GeneratorStatus.Value(f"GENERATOR_STATUS_{self.status.name}"),
            status_message=self.status_message,
        )


class BundleStatus(enum.Enum):
    """State of a bundle; OTHER is one that only a newer server has."""

    READY = "READY"
    LOADING = "LOADING"
    FAILED = "FAILED"
    UNLOADED = "UNLOADED"
    OTHER = "OTHER"


@dataclass(frozen=True)
class BundleInfo:
    """A file of a server's bundle folder.

    Attributes:
        name: Its name, without the folder, e.g. ``my_tunes.mag``.
        size_bytes: Bytes.
        status: Its state.
        status_message: Details of the state; empty for none.
        generator_id: Id of its generator; for an unreadable file, the file's stem.
    """

    name: str
    size_bytes: int
    status: BundleStatus
    status_message: str
    generator_id: str

    @classmethod
    def from_message(cls, message: model_pb2.Bundle) -> BundleInfo:
        """Return the bundle that a message describes."""
        return cls(
            name=message.name,
            size_bytes=message.size_bytes,
            status=BundleStatus.__members__.get(
                _name(model_pb2.BundleStatus, message.status), BundleStatus.OTHER
            ),
            status_message=message.status_message,
            generator_id=message.generator_id,
        )

    def to_message(self) -> model_pb2.Bundle:
        """Return the message that describes this bundle."""
        return model_pb2.Bundle(
            name=self.name,
            size_bytes=self.size_bytes,
            status=model_pb2.BundleStatus.Value(f"BUNDLE_STATUS_{self.status.name}"),
            status_message=self.status_message,
            generator_id=self.generator_id,
        )


def _name(kind: _EnumTypeWrapper[Any], value: int) -> str:
    """Return a value's name without that of its enum; empty for an unknown value."""
    names = {number: name for name, number in kind.items()}
    return names.get(value, "").removeprefix(names[0].removesuffix("UNSPECIFIED"))
