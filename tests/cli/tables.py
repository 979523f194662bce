"""The description of a small generator, for tests without a model."""

from __future__ import annotations

from magenta_bridge.arguments import Argument, ArgumentType
from magenta_bridge.description import Capability, GeneratorInfo

TABLE = (
    Argument("temperature", ArgumentType.FLOAT, 1.0, "Sampling temperature.", 0.1, 3.0),
    Argument("top_k", ArgumentType.INT, 0, "Sample from the k likeliest notes.", 0, 128),
    Argument("swing", ArgumentType.BOOL, False, "Delay the off-beats."),
    Argument("scale", ArgumentType.STRING, "", "Allowed pitch classes."),
    Argument("seed", ArgumentType.INT, 0, "Seed of the samples.", 0, (1 << 31) - 1),
)
INFO = GeneratorInfo(
    id="tiny",
    description="A small generator.",
    family="none",
    encoding="melody",
    capabilities=(Capability.GENERATE, Capability.CONTINUE),
    arguments=TABLE,
    steps_per_quarter=4,
)
