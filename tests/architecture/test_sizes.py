"""Files, functions and folders have a maximum size."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import PurePosixPath

from tests.architecture.sources import GENERATED, ROOT, python_sources, repository_files

LONGEST_FILE_LINES = 400
LONGEST_FUNCTION_LINES = 60
# A Keras constructor may list many layers.
LONGEST_NETWORK_INIT_LINES = 90
MOST_FILES_PER_FOLDER = 22
MOST_CLI_FILES = 50
MOST_CLI_LINES = 5_200


def test_no_file_is_too_long() -> None:
    """A Python file has at most 400 lines."""
    counts = {source.path: len(source.text.splitlines()) for source in python_sources()}
    assert {path: n for path, n in counts.items() if n > LONGEST_FILE_LINES} == {}


def test_no_function_is_too_long() -> None:
    """A function has at most 60 lines; the constructor of a network, at most 90."""
    offenders = {}
    for source in python_sources():
        for node in ast.walk(source.tree):
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            is_network_init = source.path.startswith("models/") and node.name == "__init__"
            if lines > (LONGEST_NETWORK_INIT_LINES if is_network_init else LONGEST_FUNCTION_LINES):
                offenders[f"{source.path}:{node.lineno} {node.name}"] = lines
    assert offenders == {}


def test_no_folder_has_too_many_files() -> None:
    """A folder of the package or of the devices has at most 22 source files."""
    counts = Counter(
        str(PurePosixPath(path).parent)
        for path in repository_files()
        if path.startswith(("magenta_bridge/", "max_for_live/", "models/"))
        and path.endswith((".py", ".ts"))
        and not path.startswith((GENERATED, "max_for_live/tests/"))
    )
    assert {folder: n for folder, n in counts.items() if n > MOST_FILES_PER_FOLDER} == {}


def test_the_command_line_is_small() -> None:
    """``cli`` has at most 50 files and 5,200 lines, since workflows belong in ``lab``."""
    files = [
        path
        for path in repository_files()
        if path.startswith("magenta_bridge/cli/") and path.endswith(".py")
    ]
    lines = sum(len((ROOT / path).read_text(encoding="utf-8").splitlines()) for path in files)
    assert len(files) <= MOST_CLI_FILES
    assert lines <= MOST_CLI_LINES
