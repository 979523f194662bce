"""Convert the JSON lines of benchmarks to the tables of docs/benchmarks/speed.md.

A line is a flat object; ``benchmark`` is the name of its section. A new benchmark gets a row in
``SECTIONS``; without one, its table has the keys as headings.
"""

from __future__ import annotations

import os
import platform
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

Line = Mapping[str, Any]  # a JSON object

MISSING: Final = "missing"
_OURS, _PEERS = "generation", "peers"


@dataclass(frozen=True)
class Section:
    """The table of one benchmark.

    Attributes:
        benchmark: Name of the benchmark.
        title: Heading.
        text: What is measured, in one paragraph.
        columns: Heading of the column for each key.
    """

    benchmark: str
    title: str
    text: str
    columns: Mapping[str, str]


SECTIONS: Final = (
    Section(
        _OURS,
        "Generating a melody",
        "Microseconds per generated sixteenth, one stream on one thread: the generator of the "
        "server gets a NoteSequence of one bar and returns one of sixteen bars. Training exports "
        "a network of 2x512 units with four bits per weight if that hardly raises the NLL of "
        "held-out music; the other row is for comparison. The time is the CPU time of this "
        "thread: median, fastest run and 95th percentile, each run after one that warms the "
        "caches. The wall time is a median. Other work on the machine multiplies the wall time, "
        "and up to doubles the CPU time, because it evicts caches; the fastest runs are affected "
        "least. The NumPy loop computes the same network in float32 on one thread, alternating "
        "with the generator; it processes and samples as many ids, but no notes. Reading is the "
        "time to read the program's bytes once: a lower bound for a step if the program exceeds "
        "the processor's caches.",
        {
            "network": "Network",
            "weights": "weights",
            "us_per_step": "µs per step",
            "best_us_per_step": "fastest run",
            "p95_us_per_step": "95th percentile",
            "wall_us_per_step": "wall time",
            "numpy_us_per_step": "NumPy loop",
            "best_numpy_us_per_step": "its fastest run",
            "ratio_to_numpy": "times as fast as NumPy",
            "program_mb": "program, MB",
            "reading_us_per_step": "reading",
            "ratio_to_reading": "times reading",
            "ratio_to_peers": "times as fast as Magenta.js",
        },
    ),
    Section(
        _PEERS,
        "The same in Magenta.js",
        "Magenta's own generator in JavaScript at its fastest, with random weights of the same "
        "shape and as many ids (130), for one bar and a request for sixteen bars as above "
        "(`benchmarks/peers/`). The time is the CPU time of its process, including its threads; "
        "the comparison uses the smaller of CPU time and wall time. Its networks see only the "
        "last event. Those of Magenta Bridge also see the events one, two, four and eight bars "
        "earlier, so they have more weights to read.",
        {
            "program": "Program",
            "network": "Network",
            "us_per_step": "µs per step",
            "best_us_per_step": "fastest run",
            "p95_us_per_step": "95th percentile",
            "wall_us_per_step": "wall time",
        },
    ),
    Section(
        "encodings",
        "Sixteen bars of each encoding",
        "Each included generator that runs step by step continues two bars with sixteen, 32 "
        "seconds at 120 qpm: with its program's loop of many steps per call, and with single "
        "steps of the same program, whose ids are sampled in Python. Median CPU time, "
        "alternating.",
        {
            "generator": "Generator",
            "notes": "notes",
            "ms": "ms",
            "single_steps_ms": "ms with single steps",
            "ratio_to_single_steps": "times as fast",
            "times_real_time": "times real time",
        },
    ),
    Section(
        "shortcuts",
        "Gain of an optimization",
        "LiteRT is restricted to vector kernels instead of its default choice. Median CPU time of "
        "both, alternating.",
        {
            "shortcut": "Shortcut",
            "unit": "unit",
            "us": "µs per unit",
            "plain_us": "plain code, µs",
            "ratio_to_plain": "times as fast",
        },
    ),
    Section(
        "startup",
        "From process start to first clip",
        "A new process loads all included bundles and generates four bars. The references, "
        "started alternately, are Python alone and `import numpy`. Medians.",
        {
            "seconds": "seconds",
            "peak_mb": "memory, MB",
            "python_seconds": "bare Python",
            "numpy_seconds": "`import numpy`",
            "ratio_to_numpy": "times `import numpy`",
        },
    ),
    Section(
        "streaming",
        "First notes and concurrent streams",
        "A real server on this computer. While it is idle, streams alternate with health checks. "
        "Then many clients read a stream at the same time, first alone, then while other clients "
        "request long pieces. The lead of a piece is the time in seconds from its arrival to its "
        "start in the music; 99% of the pieces had a longer lead than the second number.",
        {
            "generator": "Generator",
            "samples": "idle streams",
            "first_notes_p50_ms": "first notes, ms, median",
            "first_notes_p99_ms": "99th percentile",
            "health_p99_ms": "health check, 99th percentile",
            "clients": "clients",
            "streams_lead_min_s": "minimum lead",
            "streams_lead_p99_s": "lead of 99%",
            "streams_times_real_time": "times real time",
            "beside_a_batch_lead_min_s": "minimum lead beside a batch",
            "beside_a_batch_lead_p99_s": "lead of 99%",
            "beside_a_batch_times_real_time": "times real time",
        },
    ),
    Section(
        "calls",
        "Overhead of a call",
        "A real server returns the description of one generator, which needs no computation, or "
        "one bar of melody; one call at a time, and with many calls in flight. The calls "
        "alternate with health checks of a bare gRPC server. Servers and client share the cores "
        "of this computer.",
        {
            "call": "Call",
            "samples": "calls",
            "p50_ms": "ms, median",
            "p99_ms": "99th percentile",
            "in_flight": "calls in flight",
            "calls_per_second": "calls per second",
            "bare_p50_ms": "bare, ms, median",
            "bare_p99_ms": "99th percentile",
            "bare_calls_per_second": "calls per second",
        },
    ),
    Section(
        "first_request",
        "The first request of a server",
        "Duration of the first request divided by the median of the following ones, for each "
        "generator. It is near 1 if the server has warmed up before it reports SERVING.",
        {
            "runs": "servers",
            "following": "following requests",
            "ready_seconds": "seconds until ready",
            "ratios": "ratio",
            "largest_ratio": "largest ratio",
        },
    ),
    Section(
        "scrape",
        "A scrape of the metrics",
        "The page for Prometheus, after calls of all kinds, while the server is idle and while "
        "clients read streams. Reading the health page, one word, alternates with it. The last "
        "columns are for a page of a hundred generators, each called by every method with six "
        "statuses: the practical maximum of series, and the CPU time to write them.",
        {
            "series": "series",
            "idle_p50_ms": "idle, ms, median",
            "idle_p99_ms": "99th percentile",
            "idle_ratio_to_health": "times health",
            "clients": "clients",
            "busy_p50_ms": "busy, ms, median",
            "busy_p99_ms": "99th percentile",
            "busy_ratio_to_health": "times health",
            "most_series": "maximum series",
            "most_cpu_ms": "ms to write them",
        },
    ),
    Section(
        "midi_jitter",
        "Jitter of the MIDI clock",
        "Delay of a tick, while the machine is idle, while other processes compute, and while the "
        "same program generates music.",
        {
            "ticks": "ticks",
            "tick_ms": "ms each",
            "sched_fifo": "real-time priority",
            "idle": "idle",
            "burners": "beside computing processes",
            "generating": "while generating",
        },
    ),
    Section(
        "midi_lead",
        "Call and response over MIDI",
        "For each generator, how long before its first note is due a response is ready, median "
        "and minimum, and how late notes are played, in seconds.",
        {"qpm": "qpm", "tick_s": "seconds per turn", "generators": "responses"},
    ),
)

_INTRODUCTION: Final = """\
# Speed

`make bench` wrote this page. Times depend on the machine and its load; the ratios compare times of
the same run. Measured on {machine} with {cores} cores and Python {python}, {load}.
"""


def write_tables(lines: Sequence[Line]) -> str:
    """Return the document for the lines of all benchmarks."""
    introduction = _INTRODUCTION.format(
        machine=platform.machine(),
        cores=os.cpu_count(),
        python=platform.python_version(),
        load=_load(),
    )
    compared = _with_peers(lines)
    return "\n".join([introduction, *(_section(each, compared) for each in _sections(lines))])


def _load() -> str:
    """Return the load of the machine."""
    if not hasattr(os, "getloadavg"):  # Windows has no load average
        return "load average not available"
    return f"load average {os.getloadavg()[2]:.1f}"


def _sections(lines: Iterable[Line]) -> list[Section]:
    """Return the sections of the lines, and a section for each benchmark without one."""
    found = {str(line["benchmark"]): line for line in lines}
    known = [each for each in SECTIONS if each.benchmark in found]
    others = [name for name in found if name not in {each.benchmark for each in SECTIONS}]
    return known + [
        Section(name, name.capitalize(), "", {key: key for key in found[name]})
        for name in sorted(others)
    ]


def _with_peers(lines: Sequence[Line]) -> list[Line]:
    """Add the ratio to the peer with a network of the same shape."""
    peers = {
        str(line["network"]): line for line in lines if line["benchmark"] == _PEERS and _ran(line)
    }
    compared: list[Line] = []
    for line in lines:
        peer = peers.get(str(line.get("network", "")))
        if line["benchmark"] == _OURS and peer is not None:
            ratio = min(_peer_times(peer)) / float(line["us_per_step"])
            compared.append({**line, "ratio_to_peers": round(ratio, 1)})
        else:
            compared.append(line)
    return compared


def _peer_times(peer: Line) -> list[float]:
    """Return the CPU time and wall time of a peer.

    Its CPU time includes all its threads; its wall time is too long on a busy machine.
    """
    return [float(peer[key]) for key in ("us_per_step", "wall_us_per_step") if key in peer]


def _ran(line: Line) -> bool:
    return MISSING not in line


def _section(section: Section, lines: Iterable[Line]) -> str:
    own = [line for line in lines if line["benchmark"] == section.benchmark]
    parts = [
        f"## {section.title}",
        textwrap.fill(section.text, 99),
        *(str(line[MISSING]) for line in own if not _ran(line)),
    ]
    if any(map(_ran, own)):
        parts.append(_table(section.columns, [line for line in own if _ran(line)]))
    return "\n\n".join(part for part in parts if part) + "\n"


def _table(columns: Mapping[str, str], lines: Iterable[Line]) -> str:
    rows = [list(columns.values()), ["---"] * len(columns)]
    rows += [[_cell(line.get(key, "")) for key in columns] for line in lines]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _cell(value: object) -> str:
    if isinstance(value, Mapping):  # one value per generator or load
        return ", ".join(f"{name} {_cell(each)}" for name, each in value.items())
    if isinstance(value, list):
        return ", ".join(map(_cell, value))
    return f"{value:,}" if isinstance(value, int | float) else str(value)
