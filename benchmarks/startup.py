"""Measure the time from the start of a process to its first clip, and its memory.

Each run is a new process that loads the included bundles and generates 64 steps (four bars of
4/4). The references, started alternately, are Python alone and ``import numpy``. Prints one JSON
line.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time

STEPS = 64
BARS = 4

_CLIP = f"""
import json, sys
from magenta_bridge.generators.loading import load_registry
from magenta_bridge.noteseq import GeneratorOptions, NoteSequence
from magenta_bridge.sequences.sections import section_after

start, end = section_after(None, {BARS})
options = GeneratorOptions()
options.generate_sections.add(start_time=start, end_time=end)
options.args["seed"].int_value = 1
clip = load_registry().get("lstm_melody").generate(NoteSequence(), options)
try:
    import resource
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    peak_mb = peak / (1e6 if sys.platform == "darwin" else 1024)
except ImportError:
    import psutil
    peak_mb = psutil.Process().memory_info().peak_wset / 1e6
print(json.dumps({{"notes": len(clip.notes), "peak_mb": peak_mb}}), flush=True)
"""
_PYTHON = "print('{}', flush=True)"
_NUMPY = "import numpy; print('{}', flush=True)"


def time_start(code: str) -> tuple[float, dict[str, float]]:
    """Run code in a new process until it prints its line.

    Args:
        code: Python code that prints one line of JSON at its end.

    Returns:
        Seconds from the start of the process to the line, and the content of the line.
    """
    began = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True
    ) as process:
        line = process.stdout.readline() if process.stdout else ""
        seconds = time.perf_counter() - began
    if process.returncode:
        raise SystemExit("The measured process failed; see its message above.")
    result: dict[str, float] = json.loads(line)
    return seconds, result


def measure(runs: int) -> dict[str, float | int | str]:
    """Measure all three alternately, ``runs`` times; return medians, in seconds and MiB."""
    times: dict[str, list[float]] = {_CLIP: [], _PYTHON: [], _NUMPY: []}
    peaks = []
    for _ in range(runs):
        for code, collected in times.items():
            seconds, result = time_start(code)
            collected.append(seconds)
            if code is _CLIP:
                peaks.append(result["peak_mb"])
    clip, python, numpy = (statistics.median(times[code]) for code in (_CLIP, _PYTHON, _NUMPY))
    return {
        "benchmark": "startup",
        "steps": STEPS,
        "runs": runs,
        "seconds": round(clip, 3),
        "peak_mb": round(statistics.median(peaks), 1),
        "python_seconds": round(python, 3),
        "numpy_seconds": round(numpy, 3),
        "ratio_to_numpy": round(clip / numpy, 2),
    }


def main() -> None:
    """Read the command line and print the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5, help="number of processes of each kind")
    print(json.dumps(measure(max(1, parser.parse_args().runs))))


if __name__ == "__main__":
    main()
