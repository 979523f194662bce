"""The document has a table of each benchmark, or the reason why it did not run."""

from __future__ import annotations

import json
import subprocess
import sys

from benchmarks.bench.__main__ import DOCUMENT
from benchmarks.bench.tables import SECTIONS, Line, write_tables
from tests.architecture.sources import ROOT

OURS: Line = {
    "benchmark": "generation",
    "network": "LSTM 2x128",
    "weights": "int8",
    "us_per_step": 25.0,
    "best_us_per_step": 24.0,
    "p95_us_per_step": 31.5,
    "wall_us_per_step": 26.1,
    "numpy_us_per_step": 100.0,
    "best_numpy_us_per_step": 98.0,
    "ratio_to_numpy": 4.0,
    "program_mb": 0.42,
    "reading_us_per_step": 5.0,
    "ratio_to_reading": 5.0,
}
PEER: Line = {
    "benchmark": "peers",
    "program": "Magenta.js",
    "network": "LSTM 2x128",
    "us_per_step": 500.5,
}


def rows(document: str, first: str) -> list[list[str]]:
    """Return the cells of the rows with this first cell."""
    lines = [line for line in document.splitlines() if line.startswith(f"| {first} |")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def lines_of(name: str, *words: str) -> list[Line]:
    """Run a benchmark and return its lines."""
    done = subprocess.run(
        [sys.executable, "-m", f"benchmarks.{name}", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_line_is_a_row_under_its_headings() -> None:
    document = write_tables([OURS])
    figures = ["int8", "25.0", "24.0", "31.5", "26.1", "100.0", "98.0", "4.0", "0.42", "5.0", "5.0"]
    assert rows(document, "LSTM 2x128") == [["LSTM 2x128", *figures, ""]]
    assert rows(document, "Network")[0][:3] == ["Network", "weights", "µs per step"]


def test_the_peer_with_the_same_network_is_compared() -> None:
    shipped: Line = {**OURS, "network": "lstm_melody"}
    document = write_tables([OURS, shipped, PEER])
    assert rows(document, "LSTM 2x128")[0][-1] == "20.0"
    assert rows(document, "lstm_melody")[0][-1] == ""
    assert rows(document, "Magenta.js")[0][:3] == ["Magenta.js", "LSTM 2x128", "500.5"]


def test_a_missing_measurement_is_explained() -> None:
    document = write_tables([OURS, {"benchmark": "peers", "missing": "Node.js is missing."}])
    assert "Node.js is missing." in document
    assert rows(document, "Program") == []


def test_a_benchmark_without_a_section_is_shown_by_its_keys() -> None:
    document = write_tables([{"benchmark": "streams", "clients": 64, "p99_ms": 1234.5}])
    assert "## Streams" in document
    assert rows(document, "streams") == [["streams", "64", "1,234.5"]]


def test_nested_values_are_one_cell() -> None:
    document = write_tables([{"benchmark": "first", "ratios": {"a": 1.25, "b": [2.0, None]}}])
    assert rows(document, "first") == [["first", "a 1.25, b 2.0, None"]]


def test_the_document_in_the_repository_has_every_section() -> None:
    """The committed document was written by this version."""
    text = DOCUMENT.read_text(encoding="utf-8")
    assert [each.title for each in SECTIONS if f"## {each.title}" not in text] == []


def test_the_generation_benchmark_runs() -> None:
    """One run prints a JSON line for each network and type of weights, with references."""
    lines = lines_of("generation", "--runs", "1", "--units", "16", "48")
    assert [(line["network"].split(",")[0], line["weights"]) for line in lines] == [
        ("LSTM 2x16", "int8"),
        ("LSTM 2x48", "int8"),
        ("LSTM 2x48", "int4"),
        ("lstm_melody", "int8"),
    ]
    assert lines[2]["program_mb"] < lines[1]["program_mb"]
    measured = ("us_per_step", "numpy_us_per_step", "reading_us_per_step")
    assert all(line[key] > 0 for line in lines for key in measured)


def test_the_benchmark_of_encodings_runs() -> None:
    """One run prints a line for each generator that runs step by step."""
    lines = lines_of("encodings", "--runs", "1")
    (section,) = [each for each in SECTIONS if each.benchmark == "encodings"]
    assert {line["generator"].split("_")[1] for line in lines} == {
        "melody",
        "drums",
        "polyphony",
        "performance",
    }
    assert all(set(section.columns) <= set(line) and line["notes"] > 0 for line in lines)


def test_the_benchmark_of_shortcuts_runs() -> None:
    """One run prints the optimized and the plain time."""
    lines = lines_of("shortcuts", "--runs", "1")
    assert [line["shortcut"] for line in lines] == ["kernels"]
    assert all(line["us"] > 0 and line["plain_us"] > 0 for line in lines)


def test_the_benchmark_of_calls_runs() -> None:
    """A few calls of each kind are measured, and those of a bare server."""
    lines = lines_of("calls", "--samples", "8")
    (section,) = [each for each in SECTIONS if each.benchmark == "calls"]
    assert [line["call"] for line in lines] == ["GetGenerator", "Generate, one bar"]
    assert all(set(section.columns) <= set(line) for line in lines)
    assert all(line["calls_per_second"] > 0 < line["bare_calls_per_second"] for line in lines)


def test_the_benchmark_of_scrapes_runs() -> None:
    """Two scrapes of each kind have all columns of their section."""
    (line,) = lines_of("scrape", "--samples", "2")
    (section,) = [each for each in SECTIONS if each.benchmark == "scrape"]
    assert set(section.columns) <= set(line)
    assert line["most_series"] > line["series"] > 100
