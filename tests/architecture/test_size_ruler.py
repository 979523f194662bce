"""Small files, small functions: the ruler is a number, so that nobody has to argue."""

from __future__ import annotations

import ast
import math
import statistics

from tests.architecture.sources import Source, python_sources

MEDIAN_FILE_LINES = 150
LONGEST_FILE_LINES = 400
P90_FUNCTION_LINES = 25
LONGEST_FUNCTION_LINES = 60
# A Keras constructor may list layer after layer.
LONGEST_NETWORK_INIT_LINES = 90


def _function_lengths() -> dict[str, int]:
    """Lines of every function, docstring and signature included, by ``file:line name``."""
    lengths = {}
    for source in python_sources():
        for node in ast.walk(source.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                lengths[f"{source.path}:{node.lineno} {node.name}"] = lines
    return lengths


def _line_count(source: Source) -> int:
    return len(source.text.splitlines())


def test_the_median_file_is_short() -> None:
    """Half of our files have at most 150 lines."""
    assert statistics.median(map(_line_count, python_sources())) <= MEDIAN_FILE_LINES


def test_no_file_is_long() -> None:
    """No file passes 400 lines; each holds one idea."""
    counts = {source.path: _line_count(source) for source in python_sources()}
    assert {path: n for path, n in counts.items() if n > LONGEST_FILE_LINES} == {}


def test_nine_functions_of_ten_fit_on_half_a_screen() -> None:
    """The 90th percentile of function lengths is at most 25 lines; the longest are named."""
    ordered = sorted(_function_lengths().items(), key=lambda item: item[1])
    p90 = ordered[math.ceil(0.9 * len(ordered)) - 1][1]
    longest = "\n".join(f"{lines:4} {name}" for name, lines in reversed(ordered[-40:]))
    assert p90 <= P90_FUNCTION_LINES, f"p90 is {p90} lines; the longest functions:\n{longest}"


def test_no_function_is_long() -> None:
    """No function passes 60 lines; the constructor of a network may reach 90."""
    offenders = {}
    for name, lines in _function_lengths().items():
        is_network_init = name.startswith("models/") and name.endswith(" __init__")
        limit = LONGEST_NETWORK_INIT_LINES if is_network_init else LONGEST_FUNCTION_LINES
        if lines > limit:
            offenders[name] = lines
    assert offenders == {}
