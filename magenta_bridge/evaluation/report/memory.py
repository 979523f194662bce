"""What a bundle costs in memory and time, looked at from a process of its own.

    python -m magenta_bridge.evaluation.report.memory FILE SECONDS

prints one JSON object. A process that has done other work would show that work's memory.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from magenta_bridge.arguments import write_argument
from magenta_bridge.errors import BundleError
from magenta_bridge.generators.loading import load_generator
from magenta_bridge.noteseq import GeneratorOptions, NoteSequence

_RUNS: Final = 5
_PATIENCE_S: Final = 300.0
_KIBIBYTE: Final = 1024


@dataclass(frozen=True)
class Footprint:
    """What was seen.

    Attributes:
        clip_s: Least seconds, of five tries, until the clip was complete.
        resident_bytes: Most memory that the process held; None where the system does not tell.
        grown_bytes: How much of it came by loading the bundle and playing; None likewise.
    """

    clip_s: float
    resident_bytes: int | None
    grown_bytes: int | None


def footprint_of(bundle: Path, seconds: float) -> Footprint:
    """Start a process that loads a bundle and generates from nothing.

    Args:
        bundle: The bundle's file.
        seconds: Length of the clip.

    Raises:
        BundleError: The process failed.
    """
    words = [sys.executable, "-m", __name__, str(bundle), str(seconds)]
    try:
        done = subprocess.run(  # noqa: S603 - this very module, by the running Python
            words, capture_output=True, text=True, check=True, timeout=_PATIENCE_S
        )
        return Footprint(**json.loads(done.stdout.splitlines()[-1]))
    except (subprocess.SubprocessError, OSError, ValueError, IndexError) as error:
        raise BundleError(
            f"{bundle.name} could not be loaded in a process of its own; try "
            f"magenta-bridge generate --bundle {bundle.name} to see why."
        ) from error


def measure(bundle: Path, seconds: float) -> Footprint:
    """Load a bundle in this process and generates from nothing; see ``footprint_of``."""
    before = _most_resident()
    generator = load_generator(bundle)
    options = GeneratorOptions()
    options.generate_sections.add(start_time=0.0, end_time=seconds)
    write_argument(options, "seed", 0)
    taken = []
    for _ in range(_RUNS):
        began = time.perf_counter()
        generator.generate(NoteSequence(), options)
        taken.append(time.perf_counter() - began)
    after = _most_resident()
    grown = None if before is None or after is None else after - before
    return Footprint(min(taken), after, grown)


def _most_resident() -> int | None:
    """Return the most memory that this process has held, in bytes."""
    if sys.platform == "linux":
        # Unlike getrusage, this does not count the parent that this process was forked from.
        for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * _KIBIBYTE
        return None
    if sys.platform == "darwin":
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return None


if __name__ == "__main__":
    sys.stdout.write(json.dumps(vars(measure(Path(sys.argv[1]), float(sys.argv[2])))) + "\n")
