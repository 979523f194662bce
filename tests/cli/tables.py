"""A small generator's description for the tests that need no model."""

from __future__ import annotations

from magenta_bridge.arguments import Argument, ArgumentType
from magenta_bridge.description import Capability, GeneratorInfo

TABLE = (
    Argument("temperature", ArgumentType.FLOAT, 1.0, "Tamer or wilder.", 0.1, 3.0),
    Argument("top_k", ArgumentType.INT, 0, "Likeliest notes only.", 0, 128),
    Argument("swing", ArgumentType.BOOL, False, "Late off-beats."),
    Argument("scale", ArgumentType.STRING, "", "Notes to keep to."),
    Argument("seed", ArgumentType.INT, 0, "Repeats a result.", 0, (1 << 31) - 1),
)
INFO = GeneratorInfo(
    id="tiny",
    description="Writes little.",
    family="none",
    encoding="melody",
    capabilities=(Capability.GENERATE, Capability.CONTINUE),
    arguments=TABLE,
    steps_per_quarter=4,
)
