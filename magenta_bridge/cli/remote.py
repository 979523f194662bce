"""What a server says of its generators, in the terms of generators in this process."""

from __future__ import annotations

from magenta_bridge.client import generator as remote
from magenta_bridge.generators.arguments import Argument, ArgumentType
from magenta_bridge.generators.generator import Capability, GeneratorInfo


def as_info(generator: remote.Generator) -> GeneratorInfo:
    """Returns the description; capabilities of a newer server, unknown here, are left out.

    Of a generator that is not ready, the description says why.
    """
    known = {capability.value for capability in Capability}
    return GeneratorInfo(
        id=generator.id,
        description=generator.description or generator.status_message,
        family=generator.family,
        encoding=generator.encoding,
        capabilities=tuple(Capability(name) for name in generator.capabilities if name in known),
        arguments=tuple(_as_argument(row) for row in generator.arguments),
        steps_per_quarter=generator.steps_per_quarter,
    )


def _as_argument(row: remote.Argument) -> Argument:
    default = row.default
    if isinstance(default, float):
        # It traveled with 24 bits: the shortest number with the same ones was meant.
        default = float(f"{default:.7g}")
    return Argument(
        name=row.name,
        type=ArgumentType[row.type.name],
        default=default,
        help=row.help,
        minimum=row.minimum,
        maximum=row.maximum,
        unit=row.unit,
    )
