"""From what a generator says of itself to the message that describes it."""

from __future__ import annotations

from magenta_bridge.generators.arguments import Argument
from magenta_bridge.generators.generator import GeneratorInfo
from magenta_bridge.noteseq import GeneratorOptions
from magenta_bridge.v1 import generator_pb2


def describe_generator(info: GeneratorInfo) -> generator_pb2.Generator:
    """Returns the message that describes a generator."""
    return generator_pb2.Generator(
        id=info.id,
        description=info.description,
        family=info.family,
        encoding=info.encoding,
        capabilities=[
            generator_pb2.Capability.Value(f"CAPABILITY_{capability.value}")
            for capability in info.capabilities
        ],
        arguments=[describe_argument(argument) for argument in info.arguments],
        steps_per_quarter=info.steps_per_quarter,
    )


def describe_argument(argument: Argument) -> generator_pb2.Argument:
    """Returns the message that describes one row of a table of arguments."""
    default = GeneratorOptions.ArgValue()
    setattr(default, argument.type.value, argument.default)
    return generator_pb2.Argument(
        name=argument.name,
        type=generator_pb2.ArgumentType.Value(f"ARGUMENT_TYPE_{argument.type.name}"),
        minimum=argument.minimum,
        maximum=argument.maximum,
        default_value=default,
        unit=argument.unit,
        help=argument.help,
    )
