"""From the JSON lines of benchmarks to the tables of docs/benchmarks/speed.md.

A line is a flat object; ``benchmark`` names the section it stands in. A new benchmark gets a row
in ``SECTIONS``; one without is shown all the same, with its keys for headings.
"""

from __future__ import annotations

import os
import platform
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

Line = Mapping[str, Any]  # what JSON holds

MISSING: Final = "missing"
_OURS, _PEERS = "generation", "peers"


@dataclass(frozen=True)
class Section:
    """How the lines of one benchmark are shown.

    Attributes:
        benchmark: What the lines call it.
        title: Heading.
        text: What is measured, one paragraph.
        columns: Key of a line -> heading of its column.
    """

    benchmark: str
    title: str
    text: str
    columns: Mapping[str, str]


SECTIONS: Final = (
    Section(
        _OURS,
        "Generating a melody",
        "Microseconds for each sixteenth that is generated, one stream on one thread: a "
        "NoteSequence of one bar goes in, one of sixteen bars comes out, through the generator "
        "that the server runs. Training exports a network of 2x512 units with four bits a weight "
        "where that hardly raises the NLL of held-out music; the other row is for comparison. "
        "The time is the CPU time of this thread, median, fastest and 95th percentile of the "
        "runs, each behind one that fills the caches; beside it stands the wall clock's median. "
        "Other work on the machine makes the wall clock's time many times as long, and the "
        "processor's up to twice as long, since it takes caches away; the fastest runs suffered "
        "least. The NumPy loop computes the same network in float32, one thread, in the same "
        "run and in turn with ours, and hears and draws as many ids, but reads and writes no "
        "notes. Reading is what it takes to read the program's bytes once and do nothing with "
        "them: no step can be faster where they are more than the processor's caches hold.",
        {
            "network": "Network",
            "weights": "its weights",
            "us_per_step": "µs a step",
            "best_us_per_step": "fastest run",
            "p95_us_per_step": "95th percentile",
            "wall_us_per_step": "wall clock",
            "numpy_us_per_step": "NumPy loop",
            "best_numpy_us_per_step": "its fastest run",
            "ratio_to_numpy": "times as fast as NumPy",
            "program_mb": "program, MB",
            "reading_us_per_step": "reading it",
            "ratio_to_reading": "times reading",
            "ratio_to_peers": "times as fast as Magenta.js",
        },
    ),
    Section(
        _PEERS,
        "The same in Magenta.js",
        "Magenta's own generator in JavaScript at its fastest, with random weights of the same "
        "shape and as many ids (130), given a bar and asked for sixteen bars as above "
        "(`benchmarks/peers/`). The time is that of its process, helping threads included; it is "
        "compared by the shorter of both clocks. Its networks see only the last event, ours also "
        "the events one, two, four and eight bars ago, so ours have more weights to read.",
        {
            "program": "Program",
            "network": "Network",
            "us_per_step": "µs a step",
            "best_us_per_step": "fastest run",
            "p95_us_per_step": "95th percentile",
            "wall_us_per_step": "wall clock",
        },
    ),
    Section(
        "encodings",
        "Sixteen bars of each encoding",
        "Each shipped generator that goes step by step continues two bars by sixteen, 32 seconds "
        "at 120 qpm: with its program as it is, which makes many steps a call, and with the same "
        "program's single steps, each id chosen in Python. Processor's time, median, in turn.",
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
        "What a shortcut saves",
        "LiteRT is kept to vector kernels instead of choosing its own. Both are measured in turn, "
        "median CPU time.",
        {
            "shortcut": "Shortcut",
            "unit": "unit",
            "us": "µs per unit",
            "plain_us": "plain way, µs",
            "ratio_to_plain": "times as fast",
        },
    ),
    Section(
        "startup",
        "From the start of a process to its first clip",
        "A fresh process loads all shipped bundles and generates four bars; bare Python and "
        "`import numpy`, started in turn with it, are the references. Medians.",
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
        "First notes and many streams",
        "A real server on this computer. While it is idle, streams and health checks are asked "
        "for in turn; then so many clients read a stream at once, alone and beside others for "
        "whom long pieces are written all the time. A lead is how long before its music was due "
        "a piece came, in seconds; 99 of 100 pieces had more than the one named so.",
        {
            "generator": "Generator",
            "samples": "idle streams",
            "first_notes_p50_ms": "first notes, ms, median",
            "first_notes_p99_ms": "99th percentile",
            "health_p99_ms": "health check, 99th percentile",
            "clients": "clients at once",
            "streams_lead_min_s": "least lead",
            "streams_lead_p99_s": "lead of 99 in 100",
            "streams_times_real_time": "times real time",
            "beside_a_batch_lead_min_s": "least lead beside a batch",
            "beside_a_batch_lead_p99_s": "lead of 99 in 100",
            "beside_a_batch_times_real_time": "times real time",
        },
    ),
    Section(
        "calls",
        "What a call costs",
        "A real server is asked for the table of one generator, which it has at hand, and for a "
        "bar of melody; one call at a time, and with many waiting for an answer at once. In turn "
        "with it a bare gRPC server, without anything of ours, is asked for its health. Servers "
        "and client share this computer's cores.",
        {
            "call": "Call",
            "samples": "calls",
            "p50_ms": "ms, median",
            "p99_ms": "99th percentile",
            "in_flight": "calls at once",
            "calls_a_second": "calls a second",
            "bare_p50_ms": "bare, ms, median",
            "bare_p99_ms": "99th percentile",
            "bare_calls_a_second": "calls a second",
        },
    ),
    Section(
        "first_request",
        "The first request of a server",
        "How many times as long as the median of those that follow the first request takes, for "
        "each generator: near 1 where the server is warm before it says that it serves.",
        {
            "runs": "servers",
            "following": "requests that follow",
            "ready_seconds": "seconds until ready",
            "ratios": "times as long",
            "largest_ratio": "largest",
        },
    ),
    Section(
        "scrape",
        "A scrape of the metrics",
        "The page that Prometheus reads, once a server has been called in many ways, while it is "
        "idle and while clients read streams from it. The page of its health, one word, is read "
        "in turn with it. Last, the page of a hundred generators, each called by every method "
        "and ended in six ways: the most series there can reasonably be, and the processor's "
        "time to write them.",
        {
            "series": "series",
            "idle_p50_ms": "idle, ms, median",
            "idle_p99_ms": "99th percentile",
            "idle_ratio_to_health": "times the health's",
            "clients": "clients at once",
            "busy_p50_ms": "busy, ms, median",
            "busy_p99_ms": "99th percentile",
            "busy_ratio_to_health": "times the health's",
            "most_series": "most series",
            "most_cpu_ms": "ms to write them",
        },
    ),
    Section(
        "midi_jitter",
        "The clock of MIDI",
        "How late a tick comes, while the machine is idle, with others that compute all the "
        "time, and while music is generated in the same program.",
        {
            "ticks": "ticks",
            "tick_ms": "ms each",
            "sched_fifo": "real-time priority",
            "idle": "idle",
            "burners": "beside others that compute",
            "generating": "while generating",
        },
    ),
    Section(
        "midi_lead",
        "Call and response over MIDI",
        "For each generator, how long before its first note is due an answer is ready, median "
        "and least, and how late notes then sound, in seconds.",
        {"qpm": "qpm", "tick_s": "seconds a turn", "generators": "answers"},
    ),
)

_INTRODUCTION: Final = """\
# Speed

Written by `make bench`, which anyone can repeat. Figures without their neighbors mean little, as
each machine and each hour has its own; the ratios are of figures from one run. Measured on
{machine} with {cores} cores and Python {python}, {load}.
"""


def write_tables(lines: Sequence[Line]) -> str:
    """Returns the document for the lines of all benchmarks."""
    introduction = _INTRODUCTION.format(
        machine=platform.machine(),
        cores=os.cpu_count(),
        python=platform.python_version(),
        load=_load(),
    )
    compared = _with_peers(lines)
    return "\n".join([introduction, *(_section(each, compared) for each in _sections(lines))])


def _load() -> str:
    """Tells how busy the machine was."""
    if not hasattr(os, "getloadavg"):  # Windows counts no such thing
        return "how busy is not known"
    return f"while {os.getloadavg()[2]:.1f} programs wanted to compute at once (load average)"


def _sections(lines: Iterable[Line]) -> list[Section]:
    """Returns the sections that there are lines for, and one for each benchmark without."""
    found = {str(line["benchmark"]): line for line in lines}
    known = [each for each in SECTIONS if each.benchmark in found]
    others = [name for name in found if name not in {each.benchmark for each in SECTIONS}]
    return known + [
        Section(name, name.capitalize(), "", {key: key for key in found[name]})
        for name in sorted(others)
    ]


def _with_peers(lines: Sequence[Line]) -> list[Line]:
    """Adds to our own lines how much slower the peer is with a network of the same shape."""
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
    """Returns what a peer took by either clock.

    Its process has helping threads, whose time is not all ours to count; where other work holds
    it up, the wall's clock is the one that is unfair.
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
    if isinstance(value, Mapping):  # a figure for each of several things
        return ", ".join(f"{name} {_cell(each)}" for name, each in value.items())
    if isinstance(value, list):
        return ", ".join(map(_cell, value))
    return f"{value:,}" if isinstance(value, int | float) else str(value)
