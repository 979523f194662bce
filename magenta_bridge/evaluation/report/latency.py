"""Speed of bundles: time per step, time per clip, and memory."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from magenta_bridge.evaluation.latency import bar_microseconds, step_microseconds
from magenta_bridge.evaluation.report.comparison import Speed
from magenta_bridge.evaluation.report.memory import footprint_of
from magenta_bridge.generators.bundle import Bundle
from magenta_bridge.runtime.bar_program import BarProgram

_BAR_FAMILY: Final = "gan"
# Four bars of 4/4 at 120 quarter notes a minute.
_CLIP_SECONDS: Final = 8.0
_ROUNDS: Final = 6


def speeds_of(bundles: Mapping[str, tuple[Bundle, Path]], encoding: str) -> dict[str, Speed]:
    """Time bundles here, in turns, and looks at the memory of each from a process of its own.

    The least time of several rounds counts, since other work on the computer slows some of them.

    Args:
        bundles: Bundles and their files, by name.
        encoding: Their encoding.

    Raises:
        BundleError: One cannot be loaded there.
    """
    rounds = [
        {name: bundle_microseconds(bundle) for name, (bundle, _) in bundles.items()}
        for _ in range(_ROUNDS)
    ]
    seen = {name: footprint_of(path, _CLIP_SECONDS) for name, (_, path) in bundles.items()}
    return {
        name: Speed(
            step_us=min(each[name] for each in rounds),
            clip_s=seen[name].clip_s,
            clip="eight seconds" if encoding == "performance" else "four bars",
            resident_bytes=seen[name].resident_bytes,
            grown_bytes=seen[name].grown_bytes,
        )
        for name in bundles
    }


def bundle_microseconds(bundle: Bundle) -> float:
    """Return the time per step of a bundle's program, microseconds."""
    program = bundle.program
    if bundle.metadata["family"] == _BAR_FAMILY:
        return bar_microseconds(BarProgram(program.flatbuffer))
    return step_microseconds(program)
