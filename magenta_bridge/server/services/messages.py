"""From what is known of generators and bundles to the messages that describe them."""

from __future__ import annotations

from magenta_bridge.generators.arguments import Argument
from magenta_bridge.generators.generator import GeneratorInfo
from magenta_bridge.generators.registry import Entry
from magenta_bridge.noteseq import GeneratorOptions
from magenta_bridge.server.bundles.table import BundleRecord
from magenta_bridge.v1 import generator_pb2, model_pb2


def describe_entry(entry: Entry) -> generator_pb2.Generator:
    """Returns the message that describes a generator and how it stands."""
    if entry.generator is None:
        message = generator_pb2.Generator(id=entry.id)
    else:
        message = describe_generator(entry.generator.info)
    message.status = generator_pb2.GeneratorStatus.Value(f"GENERATOR_STATUS_{entry.status.value}")
    message.status_message = entry.message
    return message


def describe_bundle(record: BundleRecord) -> model_pb2.Bundle:
    """Returns the message that describes a file of the bundle folder."""
    return model_pb2.Bundle(
        name=record.name,
        size_bytes=record.size,
        status=model_pb2.BundleStatus.Value(f"BUNDLE_STATUS_{record.status.value}"),
        status_message=record.message,
        generator_id=record.generator_id,
    )


def describe_generator(info: GeneratorInfo) -> generator_pb2.Generator:
    """Returns the message that describes a generator, but for how it stands."""
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
