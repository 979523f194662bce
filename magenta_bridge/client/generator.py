"""What the server says of its generators, as plain values."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TypeAlias

from magenta_bridge.v1 import generator_pb2

ArgumentValue: TypeAlias = bool | int | float | str


class ArgumentType(enum.Enum):
    """Type of an argument; the value names the field of Magenta's ``ArgValue`` it travels in."""

    INT = "int_value"
    FLOAT = "float_value"
    BOOL = "bool_value"
    STRING = "string_value"


class GeneratorStatus(enum.Enum):
    """How a generator stands; OTHER is what only a newer server knows."""

    READY = "READY"
    LOADING = "LOADING"
    FAILED = "FAILED"
    OTHER = "OTHER"


@dataclass(frozen=True)
class Argument:
    """One row of a generator's table of arguments.

    Attributes:
        name: Keyword in ``Client.generate``.
        type: Type of the value.
        default: Value used when the keyword is left out.
        help: One sentence for a musician.
        minimum: Smallest accepted value, inclusive, in ``unit``; None where there is none.
        maximum: Largest accepted value, inclusive, in ``unit``; None where there is none.
        unit: Unit of the value, empty for a plain number.
    """

    name: str
    type: ArgumentType
    default: ArgumentValue
    help: str
    minimum: float | None = None
    maximum: float | None = None
    unit: str = ""


@dataclass(frozen=True)
class Generator:
    """A generator of the server; one that is not ready has an id and a status alone.

    Attributes:
        id: Name in requests, e.g. ``lstm_melody``.
        description: One sentence for a musician.
        family: Model family, e.g. ``lstm``.
        encoding: Vocabulary, e.g. ``melody``.
        capabilities: What it can do, e.g. ``("GENERATE", "CONTINUE")``.
        arguments: Its table of arguments.
        steps_per_quarter: The grid it thinks in, in steps per quarter note.
        status: How it stands.
        status_message: What there is to say of that; empty for nothing.
    """

    id: str
    description: str
    family: str
    encoding: str
    capabilities: tuple[str, ...]
    arguments: tuple[Argument, ...]
    steps_per_quarter: int
    status: GeneratorStatus = GeneratorStatus.READY
    status_message: str = ""


def read_generator(message: generator_pb2.Generator) -> Generator:
    """Returns the value that a message describes.

    Capabilities and argument types that a newer server has and this client does not know are
    left out.
    """
    known = generator_pb2.Capability.keys()
    names = {generator_pb2.Capability.Value(name): name for name in known}
    return Generator(
        id=message.id,
        description=message.description,
        family=message.family,
        encoding=message.encoding,
        capabilities=tuple(
            names[value].removeprefix("CAPABILITY_")
            for value in message.capabilities
            if value in names
        ),
        arguments=tuple(
            read_argument(argument)
            for argument in message.arguments
            if argument.default_value.WhichOneof("kind") in {kind.value for kind in ArgumentType}
        ),
        steps_per_quarter=message.steps_per_quarter,
        status=_read_status(message.status),
        status_message=message.status_message,
    )


def _read_status(status: generator_pb2.GeneratorStatus.ValueType) -> GeneratorStatus:
    if status == generator_pb2.GENERATOR_STATUS_UNSPECIFIED:
        # A server of an earlier version lists what is ready.
        return GeneratorStatus.READY
    names = {value: name for name, value in generator_pb2.GeneratorStatus.items()}
    name = names.get(status, "").removeprefix("GENERATOR_STATUS_")
    return GeneratorStatus.__members__.get(name, GeneratorStatus.OTHER)


def read_argument(message: generator_pb2.Argument) -> Argument:
    """Returns the row that a message describes; its default value must be set."""
    kind = ArgumentType(message.default_value.WhichOneof("kind"))
    return Argument(
        name=message.name,
        type=kind,
        default=getattr(message.default_value, kind.value),
        help=message.help,
        minimum=message.minimum if message.HasField("minimum") else None,
        maximum=message.maximum if message.HasField("maximum") else None,
        unit=message.unit,
    )
